import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderCommand } from '../../reconciler/commands/render.ts'
import { codes } from '../../repo-layout/message.ts'
import { nginxCharts } from '../render/shipper/fixtures.ts'
import { rehearse } from '../render/shipper/rehearsal.ts'
import { messageLines, validateFolder, writeSource } from '../repo-layout/validate.ts'

const text = readFileSync(new URL('../../docs/messages.md', import.meta.url), 'utf8')

/** The fleet that the page speaks of. */
const fleet = {
  'flotilla.yaml': 'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: shop}\n',
  'clusters/all.yaml': ['eu-1', 'us-1']
    .map((name) => `apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: ${name}, labels: {env: prod}}\n`)
    .join('---\n'),
}

const sections = text
  .split(/^### /m)
  .slice(1)
  .map((section) => ({ code: /^`([a-z-]+)`\n/.exec(section)?.[1] ?? '', section }))

function blocks(section: string, language: string): readonly string[] {
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, body = '']) => body)
}

/** The files of an example by the name in their first line, which is a comment of each. */
function filesOf(section: string): Record<string, string> {
  return Object.fromEntries(
    blocks(section, 'yaml').map((body) => [/^# (\S+\.yaml)\n/.exec(body)?.[1] ?? assert.fail(body), body]),
  )
}

/** Writes the generated tree of an Application whose release has begun, and is not seen to be ready anywhere. */
async function writeUnderWay(out: string, files: Record<string, string>): Promise<void> {
  const rehearsal = rehearse({ ...fleet, ...files }, nginxCharts())
  rehearsal.tell = () => ({ installed: true, availableReplicas: 0 })
  await rehearsal.settle()
  writeSource(out, [...rehearsal.texts()])
}

/** Runs an example in `folder`: its files, its commands, and what the last command of ours prints. */
async function run(section: string, folder: string): Promise<readonly string[]> {
  const source = join(folder, 'fleet')
  writeSource(source, Object.entries({ ...fleet, ...filesOf(section) }))
  for (const body of blocks(section, 'json')) {
    writeFileSync(join(folder, 'seen.json'), body)
    await writeUnderWay(join(folder, 'generated'), filesOf(section))
  }
  let lines: readonly string[] | undefined
  for (const command of blocks(section, 'sh').flatMap((body) => body.trim().split('\n'))) {
    const [, out, flags = ''] = /^flotilla render --source fleet --out (\S+)((?: --\w+ \S+)*)$/.exec(command) ?? []
    if (out === undefined) execFileSync('sh', ['-c', command], { cwd: folder })
    else {
      const said = messageLines()
      const more = [...flags.matchAll(/--(\w+) (\S+)/g)].map(([, flag = '', path = '']) => [flag, join(folder, path)])
      await renderCommand({ source, out: join(folder, out), ...Object.fromEntries(more) }, said.terminal)
      lines = said.lines
    }
  }
  return lines ?? (await validateFolder(source)).lines
}

describe('docs/messages.md', () => {
  it('has every code of the catalogue, once, and no other', () => {
    assert.deepEqual(sections.map(({ code }) => code).sort(), Object.keys(codes).sort())
  })

  for (const { code, section } of sections) {
    it(`${code}: its example prints what it says`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'flotilla-messages-'))
      try {
        const [expected = ''] = blocks(section, 'text')
        assert.match(expected, new RegExp(`\\[${code}\\]\n`))
        assert.deepEqual(await run(section, folder), expected.trimEnd().split('\n'))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
})
