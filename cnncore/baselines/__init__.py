"""The method that the practical compares with: a bag of visual words and a linear SVM.

`config`        every choice, the presets, and how many numbers are learned
`descriptors`   patches of an image as vectors, by a fixed rule
`dictionary`    k-means over descriptors: the visual words
`encoding`      an image as a histogram over words
`classifier`    one linear SVM a class
`bag_of_words`  run(config): the stages one after the other
`stored`        results and what was learned, kept in home()/baselines
`job`           the same in a process of its own, for the page
"""
