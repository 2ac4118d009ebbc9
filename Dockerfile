# LeNet-5 with the recorded versions, and MNIST where you mount it:
#     docker build -t lenet1998 . && docker run --rm -v $PWD/runs:/runs -v /path/to/mnist:/mnist:ro lenet1998
FROM python:3.11-slim
WORKDIR /lenet1998
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt ".[fast]"
ENV LENET1998_DATA=/mnist
WORKDIR /
ENTRYPOINT ["lenet1998"]
CMD ["train", "--resume"]
