"""Dependencies of settings.ini as a table: the lowest version that is allowed, and the one that is installed.

python .ci/dependencies.py > nbs/results/dependencies.csv
"""
import platform
import re
from configparser import ConfigParser
from importlib.metadata import version
from pathlib import Path

parser = ConfigParser(delimiters=['='])
parser.read(Path(__file__).parents[1]/'settings.ini', encoding='utf-8')
print('package,extra,lowest,below,installed,python')
for key, value in parser['DEFAULT'].items():
    if not key.endswith('requirements'): continue
    for text in value.split():
        name, bounds = re.match(r'([\w-]+(?:\[\w+\])?)(.*)', text).groups()
        low, below = (re.search(pattern, bounds) for pattern in (r'[>=]=([\w.]+)', r'<([\w.]+)'))
        try: installed = version(name.partition('[')[0])
        except ImportError: installed = ''
        row = name, key.removesuffix('requirements').rstrip('_'), low and low[1], below and below[1], installed
        print(','.join(x or '' for x in row), platform.python_version(), sep=',')
