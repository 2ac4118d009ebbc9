"""The classifiers of section III-C, Figure 9's, each in a few lines: baselines, networks, and what is built on them.

All of them follow `lenet1998.classifiers.classifier.Classifier`; `lenet1998.classifiers.rows` lists them under the
paper's names. Networks are the project's own and learn by its own procedure; nearest neighbours, K-means and support
vector machines are scikit-learn's (the extra ``baselines``).
"""
