"""The package of the Azure CLI extension ``dockervm``."""

from setuptools import find_packages, setup

VERSION = "0.4.0"

with open("README.md", encoding="utf-8") as readme, open("HISTORY.rst", encoding="utf-8") as history:
    LONG_DESCRIPTION = readme.read()
    HISTORY = history.read()

setup(
    name="dockervm",
    version=VERSION,
    description="Docker hosts on Azure with one command, reached over mutual TLS",
    long_description=LONG_DESCRIPTION,
    long_description_content_type="text/markdown",
    author="The az dockervm authors",
    license="MIT",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: System Administrators",
        "License :: OSI Approved :: MIT License",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["azext_dockervm", "azext_dockervm.*"]),
    package_data={"azext_dockervm": ["azext_metadata.json", "provision/script/*.sh"]},
    # azure-cli-core, knack, azure-mgmt-resource and cryptography come with az itself, whose own copies win. So do those
    # of azure-mgmt-compute today, but az is giving that up. The bounds are the oldest that were tried.
    install_requires=[
        "azure-mgmt-compute>=33.0.0",
        "azure-mgmt-network>=28.0.0",
        "docker>=7.0.0",
    ],
    extras_require={"dev": ["azure-cli-core", "azure-devtools", "azure-mgmt-resource", "cryptography>=42.0.0", "knack",
                            "pytest"]},
)
