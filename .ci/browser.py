"""The explorer in JupyterLab, in a headless Chromium: what a user does, step by step, with a screenshot of each.

    pip install playwright   and a Chromium, `apt install chromium` for example
    python .ci/browser.py [FOLDER]

Opens nbs/explore.ipynb on synthetic cells at 1366x768, moves the slider, clicks a cell, judges three by key, takes one
back, writes a note, reloads page and kernel, and finds the two judgements. Then judges all cells, names a kind, re-ranks,
takes the re-ranking back, re-ranks again, and finds it after another restart, also at 390 pixels. Screenshots go to
FOLDER (default: a temporary one). Status 1 if a step fails.
"""
import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get('CHROMIUM') or shutil.which('chromium') or shutil.which('google-chrome')
FLAGS = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update',
]
WAIT = 120_000  # longest wait for one step, milliseconds


def prepare(folder):
    "A folder with the notebook, set to a run in it that stays when the kernel goes."
    nb = json.loads((ROOT/'nbs'/'explore.ipynb').read_text(encoding='utf-8'))
    for cell in nb['cells']:
        if cell['cell_type'] == 'code': cell['outputs'], cell['execution_count'] = [], None
        if 'parameters' in cell['metadata'].get('tags', ()):
            source = ''.join(cell['source'])
            cell['source'] = re.sub(r"^run: str = ''", f'run: str = {str(folder/"run")!r}', source, flags=re.M)
    nb['metadata']['kernelspec'] = {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}
    (folder/'lab').mkdir()
    (folder/'lab'/'explore.ipynb').write_text(json.dumps(nb), encoding='utf-8')


def start_lab(folder):
    "JupyterLab on a free port, with settings of its own, and its address."
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    quiet = folder/'jupyterlab_settings_dir'/'@jupyterlab'/'apputils-extension'
    quiet.mkdir(parents=True)
    (quiet/'notification.jupyterlab-settings').write_text('{"fetchNews": "false", "checkForUpdates": false}')
    own = {name: str(folder/name.lower()) for name in ('JUPYTER_CONFIG_DIR', 'JUPYTERLAB_SETTINGS_DIR',
                                                       'JUPYTERLAB_WORKSPACES_DIR', 'JUPYTER_RUNTIME_DIR')}
    lab = subprocess.Popen(
        [sys.executable, '-m', 'jupyterlab', '--no-browser', '--ip=127.0.0.1', f'--port={port}', '--allow-root',
         '--ServerApp.token=', '--ServerApp.password=', f'--ServerApp.root_dir={folder/"lab"}',
         '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', '--LabApp.news_url='],
        env={**os.environ, **own}, stdout=open(folder/'lab.log', 'w'), stderr=subprocess.STDOUT)
    url = f'http://127.0.0.1:{port}'
    for _ in range(300):
        assert lab.poll() is None, (folder/'lab.log').read_text()[-2000:]
        try: return lab, urllib.request.urlopen(f'{url}/api', timeout=5) and url
        except OSError: time.sleep(.2)
    raise TimeoutError('JupyterLab does not answer')


class User:
    "What a user sees and does."
    def __init__(self, page, shots):
        self.page, self.shots, self.steps = page, shots, 0
        self.box = page.locator('.supn-explorer').first
        self.gallery = self.box.locator('img').first
        self.said = self.box.locator('[role=status]')

    def step(self, what):
        "Note a step, and take a picture of it."
        self.steps += 1
        self.page.wait_for_timeout(1500)  # for the large cell
        self.page.screenshot(path=self.shots/f'{self.steps}-{what.replace(" ", "-")}.png')
        print(f'ok {self.steps}: {what} ({time.perf_counter() - START:.0f} s)', flush=True)

    def menu(self, *names):
        "Choose from the menus of JupyterLab."
        self.page.locator('.lm-MenuBar-itemLabel', has_text=re.compile(f'^{names[0]}$')).click()
        self.page.locator('.lm-Menu-itemLabel', has_text=re.compile(f'^{names[1]}')).first.click()

    def open(self, url):
        "Open the notebook; the explorer appears after the cells have run."
        self.page.goto(f'{url}/lab/tree/explore.ipynb?reset')
        self.page.locator('.jp-Notebook').first.wait_for(timeout=WAIT)
        dialog = self.page.locator('.jp-Dialog button.jp-mod-accept')  # which kernel, if JupyterLab asks
        try: dialog.click(timeout=8000)
        except PlaywrightError: pass
        expect(self.page.locator('#jp-main-statusbar')).to_contain_text('Idle', timeout=WAIT)

    def restart(self):
        "Restart the kernel, and run all cells."
        self.menu('Kernel', 'Restart Kernel and Run All Cells')
        self.page.locator('.jp-Dialog button.jp-mod-accept').click()
        self.appear()

    def press(self, name):
        "Press a button of the explorer."
        self.box.get_by_role('button', name=name, exact=True).click()

    def appear(self):
        "Wait for the explorer, and bring it into sight."
        self.gallery.wait_for(timeout=WAIT)
        expect(self.said.first).to_contain_text('alarms of', timeout=WAIT)
        self.box.evaluate("e => e.scrollIntoView({block: 'start'})")

    def beside(self):
        "The large cell stands beside the page of thumbnails, and both are in sight."
        self.box.evaluate("e => e.scrollIntoView({block: 'start'})")
        page, cell = (self.box.locator('img').nth(k).bounding_box() for k in range(2))
        assert cell['x'] >= page['x'] + page['width'], (page, cell)
        assert max(box['y'] + box['height'] for box in (page, cell)) <= 768, (page, cell)

    def click_cell(self, column, row):
        "Click a thumbnail."
        box = self.gallery.bounding_box()
        at = {'x': (column + .5)*box['width']/5, 'y': (row + .5)*box['height']/4}
        self.gallery.click(position=at)


def judgements(folder): return (folder/'run'/'judgements.csv').read_text().splitlines()[1:]


def walk(user, url, folder):
    "All steps, in the order of a session."
    user.open(url)
    user.menu('Run', 'Run All Cells')
    user.appear()
    user.step('opened')
    before, n_cells = user.said.first.inner_text(), user.page.locator('.jp-Notebook .jp-Cell').count()
    user.box.locator('.noUi-handle').first.focus()
    user.page.keyboard.press('End')
    expect(user.said.first).to_contain_text('rate of 0.5 ', timeout=WAIT)
    old, new = (int(text.split()[0]) for text in (before, user.said.first.inner_text()))
    assert new > old, f'{old} alarms, and at a higher rate {new}'
    user.step('slider moved')
    user.click_cell(2, 1)
    expect(user.box).to_contain_text('score', timeout=WAIT)
    user.beside()
    user.step('cell clicked')
    user.box.locator('[role=status]').first.click()  # a line of text takes no focus: the keys work all the same
    for k, (key, verdict) in enumerate((('h', 'healthy'), ('a', 'abnormal'), ('u', 'unsure')), 1):
        user.page.keyboard.press(key)
        expect(user.box).to_contain_text(f'1 {verdict}', timeout=WAIT)
        assert len(judgements(folder)) == k, judgements(folder)
    user.step('three judged by key')
    user.page.keyboard.press('z')
    expect(user.box).to_contain_text('took back', timeout=WAIT)
    assert len(judgements(folder)) == 2, judgements(folder)
    user.step('one taken back')
    note = user.box.locator('input[placeholder^=note]')
    note.click()
    user.page.keyboard.type('a rare one')  # letters that are keys elsewhere
    assert len(judgements(folder)) == 2 and note.input_value() == 'a rare one'
    user.page.keyboard.press('Enter')
    expect(user.box).to_contain_text(': a rare one', timeout=WAIT)
    user.page.keyboard.press('u')  # the focus left the note: a key judges, and types nothing into the next note
    expect(user.box).to_contain_text('1 unsure', timeout=WAIT)
    expect(note).to_have_value('', timeout=WAIT)
    user.step('note written, judged by key')
    user.page.keyboard.press('z')
    expect(user.box).to_contain_text('took back', timeout=WAIT)
    user.page.keyboard.press('z')
    expect(user.box).to_contain_text('0 unsure', timeout=WAIT)
    assert user.page.locator('.jp-Notebook .jp-Cell').count() == n_cells, 'a key made JupyterLab insert a cell'
    user.page.keyboard.press('Control+s')
    user.page.reload()
    user.page.locator('.jp-Notebook').first.wait_for(timeout=WAIT)
    user.step('page reloaded')
    user.restart()
    expect(user.box).to_contain_text('1 healthy, 1 abnormal, 0 unsure', timeout=WAIT)
    user.step('kernel restarted, two judgements found')


def features(folder):
    "A file of features for the run, of which one tells the verdicts apart; the names of the cells."
    with (folder/'run'/'scores.csv').open(newline='') as f: rows = list(csv.DictReader(f))
    with (folder/'run'/'features.csv').open('w', newline='') as f:
        table = [[row['cell'], i % 2 + i/100, i % 3] for i, row in enumerate(rows)]
        csv.writer(f).writerows([['cell', 'ring', 'noise'], *table])
    return [row['cell'] for row in rows]


def walk_learning(user, folder):
    "Judge all cells, re-rank, take it back, and find it after a restart."
    names = features(folder)
    user.press('draw 20')
    expect(user.box).to_contain_text('drawn cells to be judged', timeout=WAIT)
    user.step('cells drawn')
    user.box.locator('select').nth(0).select_option('name')
    user.box.locator('select').nth(1).select_option('all')
    user.click_cell(0, 0)
    for k in range(len(names)):
        user.page.keyboard.press('ha'[k % 2])
        for _ in range(200):
            said = {line.split(',')[0]: line.split(',')[1] for line in judgements(folder)}
            if said.get(names[k]) == ('healthy', 'abnormal')[k % 2]: break
            user.page.wait_for_timeout(50)
        else: raise AssertionError(f'{names[k]} is not judged: {said}')
    user.step('all judged')
    kind = user.box.locator('input[placeholder^=kind]')
    kind.fill('debris')
    kind.press('Enter')
    expect(user.box).to_contain_text('(debris)', timeout=WAIT)
    user.step('kind named')
    user.press('re-rank')
    expect(user.box).to_contain_text('they look most at ring', timeout=WAIT)
    user.step('ranked again')
    user.press('undo re-rank')
    expect(user.box).to_contain_text('by the score of the detector again', timeout=WAIT)
    expect(user.box).not_to_contain_text('they look most at ring', timeout=WAIT)
    user.press('re-rank')
    expect(user.box).to_contain_text('they look most at ring', timeout=WAIT)
    user.page.keyboard.press('Control+s')
    user.page.reload()
    user.page.locator('.jp-Notebook').first.wait_for(timeout=WAIT)
    user.restart()
    expect(user.box).to_contain_text('they look most at ring', timeout=WAIT)
    user.step('kernel restarted, ranking found')
    user.page.set_viewport_size({'width': 390, 'height': 844})
    user.step('at 390 pixels')


def main():
    shots = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as t, sync_playwright() as p:
        folder = Path(t)
        prepare(folder)
        lab, url = start_lab(folder)
        try:
            browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={'width': 1366, 'height': 768})
            page.set_default_timeout(WAIT)
            user = User(page, shots)
            try:
                walk(user, url, folder)
                walk_learning(user, folder)
            except BaseException:
                page.screenshot(path=shots/'failed.png')
                raise
            finally: browser.close()
        finally:
            lab.terminate()
            lab.wait(20)
    print(f'{user.steps} steps in {time.perf_counter() - START:.0f} s; screenshots in {shots}')


START = time.perf_counter()
if __name__ == '__main__': sys.exit(main())
