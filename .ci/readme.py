"Make README.md from nbs/index.ipynb as nbdev_readme does, without Quarto."
import subprocess
import sys
import tempfile
from pathlib import Path

from nbdev.config import get_config
from nbdev.serve import proc_nbs

config = get_config()
processed = Path(proc_nbs(force=True))/config.readme_nb
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, '-m', 'nbconvert', '--to', 'markdown', '--log-level', 'ERROR', '--output-dir', folder, str(processed)], check=True)
    (config.config_path/'README.md').write_text((Path(folder)/'index.md').read_text(encoding='utf-8').strip() + '\n', encoding='utf-8')
