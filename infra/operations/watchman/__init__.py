"""A function on a schedule that puts to sleep what nobody uses. On Lambda: the standard library, boto3 and these files.

`rounds` decides, `deletions` knows how each type of resource goes, `handler` is what Lambda runs.
"""
