"""What every test file shares: an example that hypothesis draws may take its time, on a busy machine too."""

from hypothesis import settings

settings.register_profile("lenet1998", deadline=None)
settings.load_profile("lenet1998")
