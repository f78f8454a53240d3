import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
].filter((path) => existsSync(join(root, path)))

const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Names of the headings of a page, as forges make them. */
function anchors(path: string): ReadonlySet<string> {
  const text = read(path).replace(/^ *```[\s\S]*?^ *```/gm, '')
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Links of a page to files and headings of this repository. */
function links(path: string): readonly string[] {
  const text = read(path).replace(/^ *```[\s\S]*?^ *```/gm, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}

describe('links', () => {
  for (const page of pages) {
    it(`of ${page} lead to a file and a heading that are there`, () => {
      const broken = links(page).filter((target) => {
        const [file = '', anchor] = target.split('#', 2)
        const path = file === '' ? page : relative(root, join(root, dirname(page), file))
        if (path.startsWith('..') || !existsSync(join(root, path))) return true
        if (anchor === undefined || statSync(join(root, path)).isDirectory()) return false
        return !anchors(path).has(anchor)
      })
      assert.deepEqual(broken, [])
    })
  }

  it('reach every page from the README, by one or more steps', () => {
    const reached = new Set<string>()
    const visit = (page: string): void => {
      if (reached.has(page)) return
      reached.add(page)
      for (const target of links(page)) {
        const path = relative(root, join(root, dirname(page), target.split('#')[0] ?? ''))
        if (existsSync(join(root, path)) && statSync(join(root, path)).isDirectory()) {
          for (const file of readdirSync(join(root, path)))
            if (file.endsWith('.md')) visit(`${path.replace(/\/$/, '')}/${file}`)
        } else if (pages.includes(path)) visit(path)
      }
    }
    visit('README.md')
    assert.deepEqual(
      pages.filter((page) => !reached.has(page)),
      [],
    )
  })
})
