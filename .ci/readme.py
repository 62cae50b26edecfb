"Make README.md from nbs/index.ipynb as nbdev_readme does, but without Quarto."
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from nbdev.config import get_config
from nbdev.processors import FilterDefaults
from nbdev.serve_drv import exec_nb


def main():
    config = get_config()
    with tempfile.TemporaryDirectory() as folder:
        processed = Path(folder)/'index.ipynb'
        exec_nb(config.nbs_path/processed.name, processed, FilterDefaults)
        subprocess.run([sys.executable, '-m', 'nbconvert', '--to', 'markdown', '--log-level', 'ERROR', '--output-dir', folder, str(processed)], check=True)
        text = processed.with_suffix('.md').read_text(encoding='utf-8')

    def from_root(link): # notebooks and pictures lie beside the index
        target = link[2].split('#')[0]
        return f'{link[1]}nbs/{link[2]}' if target and (config.nbs_path/target).exists() else link[0]

    text = re.sub(r'^---\n.*?\n---\n', '', text.strip(), flags=re.S)  # the front matter is for Quarto
    text = re.sub(r'```\w* *\n#\| echo: false\n.*?```\n', '', text, flags=re.S)  # hidden code
    text = re.sub(r'(\]\()([^)\s]+)', from_root, text)
    text = re.sub(r'\n{3,}', '\n\n', text)
    (config.config_path/'README.md').write_text(f'# {config.lib_name}\n\n{text.strip()}\n', encoding='utf-8')


if __name__ == '__main__': main()
