import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const root = join(import.meta.dirname, '..')

/** What each room may import of ours; `test` may import everything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'repo-layout': ['repo-layout'],
  render: ['render', 'repo-layout'],
  reconciler: ['reconciler', 'render', 'repo-layout'],
  deploy: ['deploy', 'reconciler', 'render', 'repo-layout'],
}

/** Modules that would let rendering touch clock, network, disk or environment. */
const impure =
  /^(node:)?(fs|net|http|https|http2|dns|os|child_process|worker_threads|timers|process|perf_hooks|undici)(\/|$)/

const limit = 20 * 1024

function sourceFiles(): readonly string[] {
  return [...Object.keys(mayImport), 'test'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${room}/${path.replaceAll('\\', '/')}`),
  )
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) => name)
}

const files = sourceFiles()
const product = files.filter((path) => Object.hasOwn(mayImport, path.split('/')[0] ?? ''))

describe('layout', () => {
  it('repo-layout imports nothing of ours, render only repo-layout, reconciler no deploy', () => {
    const broken = product.flatMap((path) => {
      const room = path.split('/')[0] ?? ''
      return importsOf(read(path))
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name)))
        .filter((target) => target.includes('/') && !(mayImport[room] ?? []).includes(target.split('/')[0] ?? ''))
        .map((target) => `${path} imports ${target}`)
    })
    assert.deepEqual(broken, [])
  })

  it('render imports nothing that touches clock, network, disk or environment, and names none of them', () => {
    const broken = product
      .filter((path) => path.startsWith('render/'))
      .flatMap((path) => {
        const text = read(path)
        const modules = importsOf(text).filter((name) => impure.test(name))
        const globals =
          text.match(/\b(Date\.now|new Date|Math\.random|process\.|setTimeout|setInterval|fetch)\b\(?/g) ?? []
        return [...modules, ...globals].map((what) => `${path}: ${what}`)
      })
    assert.deepEqual(broken, [])
  })

  it('no source file is over 20 KB', () => {
    const large = files.filter((path) => Buffer.byteLength(read(path)) > limit)
    assert.deepEqual(large, [])
  })

  it('every exported function of the product says in a comment what it promises', () => {
    const bare = product.flatMap((path) => {
      const lines = read(path).split('\n')
      return lines
        .map((line, i) => ({ line, before: lines[i - 1] ?? '' }))
        .filter(({ line }) => /^export (async )?function\*? /.test(line))
        .filter(({ before }) => !before.trimEnd().endsWith('*/') && !before.startsWith('export function'))
        .map(({ line }) => `${path}: ${line}`)
    })
    assert.deepEqual(bare, [])
  })
})
