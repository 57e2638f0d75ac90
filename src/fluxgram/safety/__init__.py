"""Safety: the words of prompts are screened by rules, always; pictures by a classifier, where one is configured.

Start at `words.screen` and at `pictures.PictureClassifier`. What is screened, what is not and how answers say so is
docs/safety.md; the loader of classifiers is `families/picture_classifier.py`, the policy is applied in `jobs`.
"""
