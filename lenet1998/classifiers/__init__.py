"""The classifiers of section III-C that are not trained as networks: Figure 9's baselines, each in a few lines.

All of them follow `lenet1998.classifiers.classifier.Classifier`; `lenet1998.classifiers.rows` lists them under the
paper's names. Nearest neighbours, K-means and support vector machines are scikit-learn's (the extra ``baselines``).
"""
