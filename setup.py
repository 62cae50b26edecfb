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
extras = {name: shlex.split(cfg[f'{name}_requirements']) for name in ('train', 'explore', 'baselines', 'export', 'dev')}
extras['dev'] = sum(extras.values(), [])
for name in ('zarr', 'cluster'): extras[name] = shlex.split(cfg[f'{name}_requirements'])

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
    # The run notebooks travel in the package. Their one place is nbs/: the build takes them from there.
    packages=[*find_packages(include=[lib, f'{lib}.*']), f'{lib}.notebooks'],
    package_dir={f'{lib}.notebooks': cfg['nbs_path']},
    package_data={
        lib: ['models/*/*'],
        f'{lib}.notebooks': ['[a-z]*.ipynb', 'lab/[a-z]*.ipynb', 'configs/*.yaml', 'results/*.csv', 'figures/*.png'],
    },
    include_package_data=False,
    python_requires=f">={cfg['min_python']}",
    install_requires=shlex.split(cfg['requirements']),
    extras_require=extras,
    entry_points={
        'console_scripts': shlex.split(cfg['console_scripts']),
        'nbdev': [f'{lib}={lib}._modidx:d'],
    },
    zip_safe=False,
)
