import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { describeReal, requireBinary } from '../testbed/binaries.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')

describeReal('the overlay of the page about operations', ['kubectl'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-overlay-'))
  after(() => rmSync(folder, { recursive: true }))

  it('runs your image on your repository, and changes nothing else of the manifests', () => {
    const [, indent = '', text = ''] =
      /^( *)```yaml\n *# overlay\/kustomization\.yaml\n([\s\S]*?)^\1```/m.exec(page) ?? []
    assert.notEqual(text, '', 'the page has the overlay')
    mkdirSync(join(folder, 'overlay'))
    writeFileSync(join(folder, 'overlay/kustomization.yaml'), text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
    cpSync(join(root, 'deploy/manifests'), join(folder, 'deploy/manifests'), { recursive: true })
    const build = (path: string) => {
      const output = execFileSync(requireBinary('kubectl'), ['kustomize', path], { cwd: folder, encoding: 'utf8' })
      return parseAllDocuments(output).map((document) => JSON.stringify(document.toJS()))
    }
    const [plain, overlaid] = [build('deploy/manifests'), build('overlay')]
    const changed = overlaid.filter((text) => !plain.includes(text))
    assert.equal(overlaid.length, plain.length)
    assert.equal(changed.length, 1)
    const deployment = JSON.parse(changed[0] ?? '{}')
    const [container] = deployment.spec.template.spec.containers
    assert.equal(container.image, 'registry.example.com/flotilla:0.1.0')
    assert.deepEqual(container.env[0], { name: 'FLOTILLA_REPO', value: 'https://git.example.com/platform/fleet.git' })
  })
})
