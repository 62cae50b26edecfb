"""Check the pages of the site as nbdev hands them to Quarto: a line `file: what` for each problem, status 1.

    python .ci/pages.py              process the notebooks, then check
    python .ci/pages.py --as-is      check what was processed before
    python .ci/pages.py --self-test  break a small site in every way, and see that each is noticed
"""
import json
import posixpath
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import mistune
import yaml

WIDTH = 110  # characters of a line of code
TEMPORARY = r'\S*/tmp[a-z0-9_]{6,}\S*'  # a path that a reader does not have


def text(value): return ''.join(value or '')
def sources(nb, kind): return [text(c['source']) for c in nb['cells'] if c['cell_type'] == kind]


def rendered(nb):
    "What pandoc reads as markdown: cells, and outputs of show_doc."
    for c in nb['cells']:
        if c['cell_type'] == 'markdown': yield text(c['source'])
        for o in c.get('outputs', []): yield text(o.get('data', {}).get('text/markdown'))


def tokens(nb, kinds):
    "Tokens of these kinds in the markdown of a page; code is no markdown."
    parse = mistune.create_markdown(renderer=None, plugins=['table', 'math'])
    def walk(found):
        for t in found:
            if t['type'] in kinds: yield t
            yield from walk(t.get('children', []))
    for markdown in rendered(nb): yield from walk(parse(markdown))


def plain(token): return token.get('raw', '') + ''.join(map(plain, token.get('children', [])))


def identifier(heading):
    "What pandoc makes of a heading."
    if explicit := re.search(r'\{[^}]*#([^\s}]+)[^}]*\}\s*$', heading): return explicit[1]
    heading = re.sub(r'\{[^}]*\}\s*$', '', heading).lower()
    heading = '-'.join(''.join(c for c in heading if c.isalnum() or c.isspace() or c in '_-.').split())
    return re.sub(r'^[^a-z\u00df-\uffff]+', '', heading) or 'section'


def anchors(nb):
    "Everything that `#...` can lead to in a processed notebook."
    found, seen = set(), Counter()
    for heading in tokens(nb, {'heading'}):
        name = identifier(plain(heading))
        found.add(f'{name}-{seen[name]}' if seen[name] else name)
        seen[name] += 1
    return found


def references(nb):
    "(is it a picture, target) of each link and picture."
    for t in tokens(nb, {'link', 'image', 'inline_html', 'block_html'}):
        if 'html' not in t['type']: yield t['type'] == 'image', t['attrs']['url']
        else:
            for tag, target in re.findall(r'<(img|a)\b[^>]*?(?:src|href)="([^"]+)"', t['raw']):
                yield tag == 'img', target


def in_sidebar(items):
    for item in items:
        if isinstance(item, str): yield item
        elif 'contents' in item: yield from in_sidebar(item['contents'])
        elif 'file' in item: yield item['file'] # and no link that leads out of the site


def check_notebook(nb):
    "What a notebook itself must hold to."
    first = sources(nb, 'markdown')[0] if nb['cells'] else ''
    if not re.match(r'# \S', first): yield 'the first cell is not a heading `# title`'
    elif len(re.findall(r'^> \S', first, flags=re.M)) != 1: yield 'the first cell needs one line `> what this page is`'
    rest = [line for line in first.splitlines() if line.strip() and not re.match(r'(# |> |- \S+:\s*\S)', line)]
    if rest: yield f'nbdev drops {len(rest)} lines of the first cell, move them to the next: {rest[0][:60]!r}'
    for cell in nb['cells']:
        data = [o.get('data', {}) for o in cell.get('outputs', [])]
        if any('image/png' in d for d in data) and 'fig-alt' not in text(cell['source']):
            yield f'a picture without `#| fig-alt`: {text(cell["source"])[:60]!r}'
        shown = ' '.join([text(o.get('text')) for o in cell.get('outputs', [])] + [text(d.get('text/plain')) for d in data])
        if found := re.search(TEMPORARY, shown): yield f'an output shows a temporary path: {found[0]!r}'
    for line in '\n'.join(sources(nb, 'code')).splitlines():
        if len(line) > WIDTH: yield f'{len(line)} characters in a line of code: {line.strip()[:60]!r}'


def dead(target, page, site):
    "Why a link leads nowhere; None if it does not, or leads out of the site."
    if target.startswith(site.source): # the source code on GitHub
        path = unquote(target[len(site.source):].split('#')[0])
        return None if (site.root/path).exists() else 'not in the repository'
    if target.startswith(site.url): # made by nbdev
        path, _, anchor = target[len(site.url):].partition('#')
        name = {output(n): n for n in site.pages}.get(path or 'index.html')
        if name is None: return 'no such page'
        return None if not anchor or anchor in site.anchors[name] else 'no such heading or symbol on that page'
    if re.match(r'\w+:', target): return None
    path, _, anchor = unquote(target).partition('#')
    if path.endswith('.html'): return 'name the notebook: that works in JupyterLab, on GitHub and on the site'
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    if not (site.proc/name).exists(): return 'not on the site' if (site.nbs/name).exists() else 'no such file'
    if anchor and name in site.pages and anchor not in site.anchors[name]: return 'no such heading or symbol'


def output(page):
    "What nbdev calls the page of a notebook."
    folder, name = posixpath.split(page)
    return posixpath.join(folder, re.sub(r'^\d+[a-z0-9]*_', '', name.lower()).replace('.ipynb', '.html'))


def check_page(name, site):
    "What has become of a notebook, and where its links lead."
    nb = site.pages[name]
    have = {s.strip() for s in sources(nb, 'markdown')}
    for cell in sources(site.notebooks[name], 'markdown')[1:]:
        if site.linked(cell).strip() not in have: yield f'lost in processing: {cell[:60]!r}'
    for nested in re.findall(r'\[\[`[^`]+`\]\([^)]*\)\]\([^)]*\)', '\n'.join(rendered(nb))):
        yield f'the text of a link is the name of a symbol, which nbdev makes a link of its own: {nested}'
    for picture, target in dict.fromkeys(references(nb)):
        if problem := dead(target, name, site): yield f"{'picture' if picture else 'link'} {target}: {problem}"


def read(folder):
    "Notebooks of a folder and those below it, by their paths in it."
    files = [f for f in sorted(folder.rglob('*.ipynb')) if '.ipynb_checkpoints' not in f.parts]
    return {f.relative_to(folder).as_posix(): json.loads(f.read_text(encoding='utf-8')) for f in files}


def check_site(nbs, proc, root, url, source, linked=lambda s: s):
    "All problems of all pages, as (file, what)."
    site = SimpleNamespace(nbs=nbs, proc=proc, root=root, url=url, source=source, linked=linked)
    site.notebooks, site.pages = read(nbs), read(proc)
    site.anchors = {n: anchors(nb) for n, nb in site.pages.items()}
    for name, nb in site.notebooks.items():
        for what in check_notebook(nb): yield name, what
        if name not in site.pages: yield name, 'was not processed'
    for name in site.pages:
        if name in site.notebooks: yield from ((name, what) for what in check_page(name, site))
        else: yield name, 'was processed, but is not there any more'
    titles = Counter((sources(nb, 'markdown') or [''])[0].partition('\n')[0] for nb in site.notebooks.values())
    for title, n in titles.items():
        if n > 1: yield '_quarto.yml', f'one title for several pages: {title}'
    website = yaml.safe_load((proc/'_quarto.yml').read_text(encoding='utf-8'))['website']
    listed = Counter(in_sidebar(website['sidebar']['contents']))
    for name in site.notebooks:
        if listed[name] != 1: yield name, f'is {listed[name]} times in the sidebar'
    for file in [*listed, *in_sidebar(website['navbar']['left']), website['favicon'], website['image']]:
        if not (proc/file).exists(): yield '_quarto.yml', f'{file} is not on the site'


# Can the checks fail?

def write_site(folder, change=lambda site: None):
    "Problems of a small site, as nbdev would process it; `change` breaks it."
    md = lambda s: {'cell_type': 'markdown', 'metadata': {}, 'source': s}
    shown = '[source](https://git/blob/main/lib/a.py#L1)\n\n### Thing.do_it\n'
    doc = {'cell_type': 'code', 'source': 'x = 1', 'outputs': [{'data': {'text/markdown': shown}}]}
    site = SimpleNamespace(md=md, lost=set(), pages={
        'index.ipynb': [md('# Home\n\n> The start'), md('See [a](d/01_a.ipynb#a-heading-of-two) and ![p](a.png).')],
        'd/01_a.ipynb': [md('# A\n\n> First'), md('## A heading, of `two`'), doc,
                         md('[`Thing.do_it`](https://site/d/a.html#thing.do_it), [up](#a-heading-of-two)')],
        'd/02_b.ipynb': [md('# B\n\n> Second'), md('```\n[no](link)\n```\nand `[no](link)`, [a](01_a.ipynb)')],
    }, website={
        'favicon': 'a.png', 'image': 'a.png', 'navbar': {'left': [{'file': 'd/01_a.ipynb'}]},
        'sidebar': {'contents': ['index.ipynb', {'section': 'D', 'contents': ['d/01_a.ipynb', 'd/02_b.ipynb']}]},
    })
    change(site)
    nbs, proc = folder/'nbs', folder/'_proc'
    for place in (nbs/'d', proc/'d', folder/'lib'): place.mkdir(parents=True)
    for file in (nbs/'a.png', proc/'a.png', folder/'lib'/'a.py'): file.touch()
    for name, page in site.pages.items():
        (nbs/name).write_text(json.dumps({'cells': page}))
        (proc/name).write_text(json.dumps({'cells': [c for c in page[1:] if c['source'] not in site.lost]}))
    (proc/'_quarto.yml').write_text(yaml.dump({'website': site.website}))
    return list(check_site(nbs, proc, folder, 'https://site/', 'https://git/blob/main/'))


def self_test():
    "Each way to break the small site gives the one problem it should; exit status 1 if not."
    def into(s, name='d/02_b.ipynb'): return lambda site: site.pages[name].append(site.md(s))
    def first(s): return lambda site: site.pages['d/02_b.ipynb'].__setitem__(0, site.md(s))
    def cell(source='x', **output): return {'cell_type': 'code', 'source': source, 'outputs': [output] if output else []}
    def ran(c): return lambda site: site.pages['d/02_b.ipynb'].append(c)
    contents = lambda site: site.website['sidebar']['contents']
    ways = {
        'drops 1 lines': first('# B\n\n> Second\n\nAn introduction that nobody would see.'),
        'needs one line': first('# B\n\n> Second\n> and third'),
        'not a heading': first('> Second'),
        'lost in processing': lambda site: (into('Gone.')(site), site.lost.add('Gone.')),
        'picture b.png: no such file': into('![b](b.png)'),
        'picture c.png: no such file': into('<img src="c.png">'),
        'link 03_c.ipynb: no such file': into('[`03_c`](03_c.ipynb)'),
        'link d/01_a.ipynb: no such file': into('[a](d/01_a.ipynb)'), # of that folder
        'link 01_a.ipynb#none: no such heading': into('[a](01_a.ipynb#none)'),
        'link #none: no such heading': into('See [here](#none).'),
        'link b.html: name the notebook': into('[b](b.html)'),
        'https://site/d/a.html#undo: no such heading': into('[`undo`](https://site/d/a.html#undo)'),
        'https://site/c.html#x: no such page': into('[`x`](https://site/c.html#x)'),
        'lib/b.py: not in the repository': into('[x](https://git/blob/main/lib/b.py)'),
        'link of its own': into('[[`a`](https://site/d/a.html)](01_a.ipynb)'),
        'one title for several pages': first('# A\n\n> Second'),
        'is 0 times in the sidebar': lambda site: contents(site)[1]['contents'].remove('d/02_b.ipynb'),
        'is 2 times in the sidebar': lambda site: contents(site).append('d/02_b.ipynb'),
        '03_c.ipynb is not on the site': lambda site: contents(site).append('03_c.ipynb'),
        'f.svg is not on the site': lambda site: site.website.update(favicon='f.svg'),
        '111 characters': ran(cell('x'*111)),
        'a picture without': ran(cell(data={'image/png': 'iVBOR'})),
        'a temporary path': ran(cell(text='no such file: /tmp/tmpab12_cd9/a.png')),
    }
    unnoticed = 0
    for expected, change in {'': lambda site: None, **ways}.items():
        with tempfile.TemporaryDirectory() as folder:
            found = [f'{file}: {what}' for file, what in write_site(Path(folder), change)]
        if len(found) != bool(expected) or (expected and expected not in found[0]):
            unnoticed += 1
            print(f'expected {expected!r}, found {found}')
    print(f'{len(ways)} ways to break a site: {unnoticed} not noticed as they should be')
    return bool(unnoticed)


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
