"""placeholder"""


def claims(file):
    return False
