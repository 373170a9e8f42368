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
        "Programming Language :: Python :: 3.14",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["azext_dockervm", "azext_dockervm.*"]),
    package_data={"azext_dockervm": ["azext_metadata.json", "provision/script/*.sh"]},
    # azure-cli-core, knack and cryptography come with az itself. So do azure-mgmt-compute and azure-mgmt-resource
    # today, but az is giving these up; while it has them its own copies win. The bounds are the oldest and the newest
    # that were tried: an SDK's next major version has other names.
    install_requires=[
        "azure-mgmt-compute>=33.0.0,<40.0.0",
        "azure-mgmt-network>=28.0.0,<34.0.0",
        "azure-mgmt-resource>=23.3.0,<27.0.0",
        "docker>=7.0.0",
    ],
    extras_require={"dev": ["azure-cli-core", "azure-devtools", "cryptography>=42.0.0", "knack", "pytest"]},
)
