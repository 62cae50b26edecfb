"""Package metadata for pip, read from settings.ini (which nbdev reads too)."""
import shlex
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
parser = ConfigParser(delimiters=['='])
parser.read(here/'settings.ini', encoding='utf-8')
cfg = parser['DEFAULT']
lib = cfg['lib_path']
readme = here/'README.md'
baselines = shlex.split(cfg['baselines_requirements'])

setup(
    name=cfg['lib_name'],
    version=cfg['version'],
    description=cfg['description'],
    long_description=readme.read_text(encoding='utf-8') if readme.exists() else '',
    long_description_content_type='text/markdown',
    author=cfg['author'],
    author_email=cfg['author_email'],
    url=cfg['git_url'],
    license='Apache-2.0',
    keywords=cfg['keywords'],
    packages=find_packages(include=[lib, f'{lib}.*']),
    python_requires=f">={cfg['min_python']}",
    install_requires=shlex.split(cfg['requirements']),
    extras_require={'baselines': baselines, 'dev': baselines + shlex.split(cfg['dev_requirements'])},
    entry_points={
        'console_scripts': shlex.split(cfg['console_scripts']),
        'nbdev': [f'{lib}={lib}._modidx:d'],
    },
    zip_safe=False,
)
