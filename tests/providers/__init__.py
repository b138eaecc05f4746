"""The argument names of the AWS provider's two majors that the kit's JSON must be right for."""

from pathlib import Path

FIVE = Path(__file__).with_name("aws-5.100.0.json")
SIX = Path(__file__).with_name("aws-6.69.1.json")
