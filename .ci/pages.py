"""Check the pages of the site as nbdev hands them to Quarto: a line `file: what` for each problem, status 1.

    python .ci/pages.py              process the notebooks, then check
    python .ci/pages.py --as-is      check what was processed before
    python .ci/pages.py --self-test  break a small site in every way, and see that it is noticed
"""
import html
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import yaml

WIDTH = 110  # characters of a line of code


# What a notebook holds

def text(value): return ''.join(value or '')
def cells(nb, kind): return [text(c['source']) for c in nb['cells'] if c['cell_type'] == kind]


def rendered(nb):
    "What pandoc reads as markdown: cells, and outputs of show_doc."
    for c in nb['cells']:
        if c['cell_type'] == 'markdown': yield text(c['source'])
        for o in c.get('outputs', []): yield text(o.get('data', {}).get('text/markdown'))


def without_code(markdown):
    "Links and headings are not looked for in code, comments and formulas."
    markdown = re.sub(r'^(```+|~~~+).*?^\1`*\s*$', '', markdown, flags=re.S | re.M)
    return re.sub(r'<!--.*?-->|\$\$.*?\$\$|(`+)[^`].*?\1', '', markdown, flags=re.S)


def identifier(heading):
    "What pandoc makes of a heading."
    explicit = re.search(r'\{[^}]*#([^\s}]+)[^}]*\}\s*$', heading)
    if explicit: return explicit[1]
    heading = re.sub(r'\{[^}]*\}\s*$', '', heading)
    heading = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', heading).lower()
    heading = '-'.join(''.join(c for c in heading if c.isalnum() or c.isspace() or c in '_-.').split())
    return re.sub(r'^[^a-z\u00df-\uffff]+', '', heading) or 'section'


def anchors(nb):
    "Everything that `#...` can lead to in a processed notebook."
    found, seen = set(), Counter()
    for markdown in rendered(nb):
        plain = re.sub(r'^```.*?^```', '', markdown, flags=re.S | re.M)
        for heading in re.findall(r'^#{1,6}\s+(.*?)\s*#*$', plain, flags=re.M):
            name = identifier(heading)
            found.add(f'{name}-{seen[name]}' if seen[name] else name)
            seen[name] += 1
        found.update(re.findall(r'\bid="([^"]+)"', markdown))
        found.update(re.findall(r'(?<=\S)\s*\{[^}\n]*#([\w.-]+)[^}\n]*\}', plain))
    for c in nb['cells']:
        found.update(re.findall(r'^#\|\s*label:\s*(\S+)', text(c['source']), flags=re.M))
        for o in c.get('outputs', []):
            found.update(re.findall(r'\bid="([^"]+)"', text(o.get('data', {}).get('text/html'))))
    return found


def references(nb):
    "(is it a picture, target) of each link and picture."
    for markdown in rendered(nb):
        plain = without_code(markdown)
        for mark, target in re.findall(r'(!?)\[(?:[^\[\]]|\[[^\]]*\](?:\([^)]*\))?)*\]\(<?([^)\s>]+)', plain):
            yield bool(mark), target
        for target in re.findall(r'!\[[^\]]*\]\(<?([^)\s>]+)[^)]*\)\]\(', plain):
            yield True, target  # within a link
        for tag, target in re.findall(r'<(img|a)\b[^>]*?(?:src|href)="([^"]+)"', plain):
            yield tag == 'img', html.unescape(target)


# The checks

def in_sidebar(items):
    for item in items:
        if isinstance(item, str): yield item
        elif 'contents' in item: yield from in_sidebar(item['contents'])
        else: yield item.get('file') or item.get('href')


def check_notebook(nb):
    "What a notebook itself must hold to."
    first = text(nb['cells'][0]['source']) if nb['cells'] else ''
    if not re.match(r'# \S', first): yield 'the first cell is not a heading `# title`'
    else:
        if len(re.findall(r'^> \S', first, flags=re.M)) != 1:
            yield 'the first cell needs one line `> what this page is`'
        kept = r'(# |> |- \S+:\s*\S)'
        rest = [line for line in first.splitlines() if line.strip() and not re.match(kept, line)]
        if rest:
            yield f'nbdev drops {len(rest)} lines of the first cell, move them to the next: {rest[0][:60]!r}'
    for c in nb['cells']:
        if c['cell_type'] == 'code':
            for line in text(c['source']).splitlines():
                if len(line) > WIDTH: yield f'{len(line)} characters in a line of code: {line.strip()[:60]!r}'
        for o in c.get('outputs', []):
            if o['output_type'] == 'error': yield f"stores an error: {o.get('ename')}: {o.get('evalue')}"


def check_page(name, site):
    "What has become of a notebook, and where its links lead."
    nb = site.pages[name]
    have = {s.strip() for s in cells(nb, 'markdown')}
    for cell in cells(site.notebooks[name], 'markdown')[1:]:
        if site.linked(cell).strip() not in have: yield f'lost in processing: {cell[:60]!r}'
    for markdown in rendered(nb):
        for nested in re.findall(r'\[\[`[^`]+`\]\([^)]*\)\]\([^)]*\)', markdown):
            yield f'the text of a link is the name of a symbol, which nbdev makes a link of its own: {nested}'
    for picture, target in dict.fromkeys(references(nb)):
        problem = dead(target, name, site)
        if problem: yield f"{'picture' if picture else 'link'} {target}: {problem}"


def dead(target, page, site):
    "Why a link leads nowhere; None if it does not, or leads out of the site."
    if target.startswith(site.source): # the source code on GitHub
        path = unquote(target[len(site.source):].split('#')[0])
        return None if (site.root/path).exists() else 'not in the repository'
    if target.startswith(site.url): # links made by nbdev
        path, _, anchor = target[len(site.url):].partition('#')
        name = {site.output[n]: n for n in site.pages}.get(path or 'index.html')
        if name is None: return 'no such page'
        if anchor and anchor not in site.anchors[name]: return 'no such heading or symbol on that page'
        return None
    if re.match(r'\w+:', target): return None
    path, _, anchor = unquote(target).partition('#')
    if path.endswith('.html'):
        return 'name the notebook, with its number: that works in JupyterLab, on GitHub and on the site'
    if path and not (site.proc/path).exists():
        return 'not on the site' if (site.nbs/path).exists() else 'no such file'
    name = path or page
    if anchor and name in site.pages and anchor not in site.anchors[name]: return 'no such heading or symbol'


def check_site(nbs, proc, root, url, source, linked=lambda s: s):
    "All problems of all pages, as (file, what)."
    notebooks, pages = (
        {p.name: json.loads(p.read_text(encoding='utf-8')) for p in sorted(folder.glob('*.ipynb'))}
        for folder in (nbs, proc)
    )
    site = SimpleNamespace(nbs=nbs, proc=proc, root=root, url=url, source=source, linked=linked)
    site.notebooks, site.pages = notebooks, pages
    site.anchors = {n: anchors(nb) for n, nb in pages.items()}
    site.output = {n: re.sub(r'^\d+[a-z0-9]*_', '', n.lower()).replace('.ipynb', '.html') for n in pages}
    for name, nb in notebooks.items():
        for what in check_notebook(nb): yield name, what
        if name not in pages: yield name, 'was not processed'
    for name in pages:
        if name not in notebooks: yield name, 'was processed, but is not there any more'
        else:
            for what in check_page(name, site): yield name, what
    titles = {n: (cells(nb, 'markdown') or [''])[0].partition('\n')[0] for n, nb in notebooks.items()}
    for kind, of in ('title', titles), ('file', site.output):
        for value, n in Counter(of.values()).items():
            if n > 1:
                yield ', '.join(k for k, v in of.items() if v == value), f'one {kind} for several pages: {value}'
    website = yaml.safe_load((proc/'_quarto.yml').read_text(encoding='utf-8'))
    css, website = website['format']['html'].get('css'), website['website']
    listed = Counter(in_sidebar(website['sidebar']['contents']))
    for name in notebooks:
        if listed[name] != 1: yield name, f'is {listed[name]} times in the sidebar'
    files = [css, website.get('favicon'), website.get('image'), website['open-graph']['image']]
    for file in [*listed, *in_sidebar(website['navbar']['left']), *filter(None, files)]:
        if not (proc/file).exists(): yield '_quarto.yml', f'{file} is not on the site'


# Can they fail?

def write_site(folder, change=lambda site: None):
    "A small site, as nbdev would process it; `change` breaks it."
    md = lambda s: {'cell_type': 'markdown', 'metadata': {}, 'source': s}
    code = lambda s, *outputs: {'cell_type': 'code', 'metadata': {}, 'source': s, 'outputs': list(outputs)}
    shown = ['---\n', '\n', '[source](https://git/blob/main/lib/a.py#L1)\n', '\n', '### Thing.do_it\n']
    doc = {'output_type': 'display_data', 'data': {'text/markdown': shown}}
    site = SimpleNamespace(md=md, code=code, lost=set(), files={'figures/a.png', 'styles.css'}, pages={
        'index.ipynb': [
            md('# Home\n\n> The start'),
            md('See [`01_a`](01_a.ipynb#a-heading-of-two), [b](02_b.ipynb) and ![picture](figures/a.png).'),
        ],
        '01_a.ipynb': [
            md('# A\n\n> First\n\n- toc: true'),
            md('## A heading, of `two`'),
            code('x = 1', doc),
            md('[`Thing.do_it`](https://site/a.html#thing.do_it), [up](#a-heading-of-two)'),
        ],
        '02_b.ipynb': [
            md('# B\n\n> Second'),
            code('`[no](link)`'),
            md('```\n[no](link)\n```\nand `[no](link)`, [away](https://example.org/x#y)'),
        ],
    }, quarto={
        'format': {'html': {'css': 'styles.css'}},
        'website': {
            'open-graph': {'image': 'figures/a.png'},
            'navbar': {'left': [{'text': 'A', 'file': '01_a.ipynb'}]},
            'sidebar': {
                'contents': ['index.ipynb', {'section': 'All', 'contents': ['01_a.ipynb', '02_b.ipynb']}],
            },
        },
    })
    change(site)
    nbs, proc = folder/'nbs', folder/'_proc'
    for file in [nbs/f for f in site.files] + [proc/f for f in site.files] + [folder/'lib'/'a.py']:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for name, page in site.pages.items():
        (nbs/name).write_text(json.dumps({'cells': page}))
        (proc/name).write_text(json.dumps({'cells': [c for c in page[1:] if c['source'] not in site.lost]}))
    (proc/'_quarto.yml').write_text(yaml.dump(site.quarto))
    return list(check_site(nbs, proc, folder, 'https://site/', 'https://git/blob/main/'))


def self_test():
    "Each way to break the small site gives the one problem it should; exit status 1 if not."
    def into(name, text): return lambda s: s.pages[name].append(s.md(text))
    def cell(name, *args): return lambda s: s.pages[name].append(s.code(*args))
    def first(name, text): return lambda s: s.pages[name].__setitem__(0, s.md(text))
    website = lambda s: s.quarto['website']
    contents = lambda s: website(s)['sidebar']['contents']
    ways = {
        'drops 1 lines': first('02_b.ipynb', '# B\n\n> Second\n\nAn introduction that nobody would see.'),
        'needs one line': first('02_b.ipynb', '# B\n\n> Second\n> and third'),
        'not a heading': first('02_b.ipynb', 'Second'),
        'lost in processing': lambda s: (into('02_b.ipynb', 'Gone.')(s), s.lost.add('Gone.')),
        'picture figures/b.png: no such file': into('01_a.ipynb', '![b](figures/b.png)'),
        'picture figures/c.png: no such file': into('01_a.ipynb', '<img src="figures/c.png">'),
        'link 03_c.ipynb: no such file': into('01_a.ipynb', '[`03_c`](03_c.ipynb)'),
        'link 02_b.ipynb#none: no such heading': into('01_a.ipynb', '[b](02_b.ipynb#none)'),
        'link #none: no such heading': into('01_a.ipynb', 'See [here](#none).'),
        'link b.html: name the notebook': into('01_a.ipynb', '[b](b.html)'),
        'https://site/a.html#undo: no such heading': into('02_b.ipynb', '[`undo`](https://site/a.html#undo)'),
        'picture figures/d.png: no such file': into('02_b.ipynb', '[![d](figures/d.png)](01_a.ipynb)'),
        'link 03_d.ipynb: no such file': into('02_b.ipynb', '[![a](figures/a.png)](03_d.ipynb)'),
        'https://site/c.html#x: no such page': into('02_b.ipynb', '[`x`](https://site/c.html#x)'),
        'lib/b.py: not in the repository': into('02_b.ipynb', '[x](https://git/blob/main/lib/b.py)'),
        'link of its own': into('02_b.ipynb', '[[`a`](https://site/a.html)](01_a.ipynb)'),
        'one title for several pages': first('02_b.ipynb', '# A\n\n> Second'),
        'one file for several pages': lambda s: (
            s.pages.update({'03_b.ipynb': [s.md('# C\n\n> Third')]}), contents(s).append('03_b.ipynb')
        ),
        'is 0 times in the sidebar': lambda s: contents(s)[1]['contents'].remove('02_b.ipynb'),
        'is 2 times in the sidebar': lambda s: contents(s).append('02_b.ipynb'),
        '03_c.ipynb is not on the site': lambda s: contents(s).append('03_c.ipynb'),
        '04_d.ipynb is not': lambda s: website(s)['navbar']['left'].append({'file': '04_d.ipynb'}),
        'f.svg is not on the site': lambda s: website(s).update(favicon='f.svg'),
        'styles.css is not on the site': lambda s: s.files.remove('styles.css'),
        '111 characters': cell('01_a.ipynb', 'x'*111),
        'stores an error: ValueError: no': cell(
            '01_a.ipynb', 'f()', {'output_type': 'error', 'ename': 'ValueError', 'evalue': 'no'}
        ),
    }
    failed = 0
    for expected, change in {'': lambda s: None, **ways}.items():
        with tempfile.TemporaryDirectory() as folder:
            found = [f'{file}: {what}' for file, what in write_site(Path(folder), change)]
        if len(found) != bool(expected) or (expected and expected not in found[0]):
            failed += 1
            print(f'expected {expected!r}, found {found}')
    print(f'{len(ways)} ways to break a site: {failed} not noticed as they should be')
    return bool(failed)


def main():
    if '--self-test' in sys.argv: return self_test()
    from nbdev.config import get_config
    from nbdev.doclinks import NbdevLookup
    from nbdev.serve import proc_nbs
    config = get_config()
    if '--as-is' not in sys.argv: proc_nbs(force=True)
    url, source = f'{config.doc_host}{config.doc_baseurl}/', f'{config.git_url}/blob/{config.branch}/'
    root = config.config_path
    found = list(check_site(config.nbs_path, root/'_proc', root, url, source, NbdevLookup().linkify))
    for file, what in found: print(f'{file}: {what}')
    print(f'{len(found)} problems')
    return bool(found)


if __name__ == '__main__': sys.exit(main())
