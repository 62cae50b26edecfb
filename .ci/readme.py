"Make README.md from nbs/index.ipynb as nbdev_readme does, but without Quarto."
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from nbdev.config import get_config
from nbdev.serve import proc_nbs


def main():
    config = get_config()
    processed = Path(proc_nbs(force=True))/config.readme_nb
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, '-m', 'nbconvert', '--to', 'markdown', '--log-level', 'ERROR', '--output-dir', folder, str(processed)], check=True)
        text = (Path(folder)/'index.md').read_text(encoding='utf-8')
    text = re.sub(r'^---\n.*?\n---\n', '', text.strip(), flags=re.S)  # the front matter is for Quarto
    text = re.sub(r'```\w* *\n#\| echo: false\n.*?```\n', '', text, flags=re.S)  # hidden code
    text = text.replace('](figures/', '](nbs/figures/')  # pictures lie beside the notebooks
    text = re.sub(r'\n{3,}', '\n\n', text)
    (config.config_path/'README.md').write_text(f'# {config.lib_name}\n\n{text.strip()}\n', encoding='utf-8')


if __name__ == '__main__': main()
