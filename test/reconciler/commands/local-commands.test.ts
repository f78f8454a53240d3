import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { flotilla } from './cli.ts'

describe('a command that needs no daemon', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-commands-'))
  after(() => rmSync(folder, { recursive: true }))
  const at = (...path: readonly string[]) => join(folder, ...path)

  it('answers wrong options with what would be right, on stderr, with 2', async () => {
    const cases: readonly (readonly [args: readonly string[], stderr: RegExp])[] = [
      [[], /^Usage: flotilla COMMAND/],
      [['stats'], /^flotilla: unknown command 'stats'\n\(Did you mean status\?\)/],
      [['status', '--al'], /^flotilla: unknown option '--al'\n\(Did you mean --all\?\)/],
      [['validate'], /^flotilla: required option '--source <dir>' not specified\n\(add --help/],
      [['run'], /^flotilla: required option '--repo <url>' not specified/],
      [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish\./],
      [['--color', 'blue', 'version'], /Allowed choices are auto, always, never\./],
      [['run', '--repo', '/nowhere', '--listen', 'nonsense'], /^flotilla: --listen nonsense: expected host:port/],
      [['run', '--repo', '/nowhere', '--poll', 'now and then'], /^flotilla: --poll now and then: expected a cron/],
      [['run', '--repo', '/nowhere', '--timeout', 'soon'], /^flotilla: --timeout soon: expected a duration/],
      [
        ['run', '--repo', '/nowhere', '--listen', '127.0.0.1:0'],
        /^flotilla: there is no Git repository at \/nowhere; make one with "git init"\n$/,
      ],
      [['schema', 'Fleeet'], /^flotilla: there is no schema of "Fleeet"; did you mean "Fleet"\?/],
    ]
    for (const [args, stderr] of cases) {
      const ended = await flotilla(args)
      assert.deepEqual([ended.code, ended.stdout], [2, ''], args.join(' '))
      assert.match(ended.stderr, stderr)
      assert.doesNotMatch(ended.stderr, /\n {4}at /, 'no stack')
    }
  })

  it('init writes a fleet that validates, once: what is there stays as it is', async () => {
    writeFileSync(at('kubeconfig'), '')
    const first = await flotilla([
      'init',
      at('fleet'),
      '--name',
      'demo',
      '--cluster',
      `eu=${at('kubeconfig')}:admin@eu`,
    ])
    assert.deepEqual([first.code, first.stdout], [0, ''])
    assert.match(first.stderr, /^4 files written to .*; next: flotilla validate --source /)
    const fleet = readFileSync(at('fleet/flotilla.yaml'), 'utf8')
    const again = await flotilla(['init', at('fleet'), '--name', 'other', '--cluster', 'us=~/.kube/none'])
    assert.equal(again.code, 0)
    assert.match(again.stderr, /^flotilla\.yaml exists and stays as it is\n/)
    assert.match(again.stderr, /\.kube\/none of cluster us is not there yet\n1 file written/)
    assert.equal(readFileSync(at('fleet/flotilla.yaml'), 'utf8'), fleet)
    const { code, stderr } = await flotilla(['validate', '--source', at('fleet')])
    assert.deepEqual([code, stderr], [0, '2 clusters and 1 federated object: 0 errors, 0 warnings\n'])
  })

  it('init says everything that is wrong at once and writes nothing', async () => {
    const clusters = ['x', 'a=/b', 'A=/c', '=y', '../z=/d'].flatMap((text) => ['--cluster', text])
    const { code, stderr } = await flotilla(['init', at('none'), '--name', 'A B', ...clusters])
    assert.equal(code, 2)
    assert.equal(stderr.match(/^flotilla: /gm)?.length, 5)
    assert.match(stderr, /--cluster A=\/c: there is a cluster "a" already/)
    assert.ok(!existsSync(at('none')))
  })

  it('schema prints a JSON Schema of one kind or of all', async () => {
    const [one, all] = await Promise.all([flotilla(['schema', 'Fleet']), flotilla(['schema'])])
    assert.deepEqual([one.code, all.code, one.stderr, all.stderr], [0, 0, '', ''])
    assert.match(JSON.parse(one.stdout).$schema, /json-schema\.org/)
    assert.ok(all.stdout.length > one.stdout.length)
    JSON.parse(all.stdout)
  })

  it('version says the same as --version, and more for programs', async () => {
    const [text, json, option] = await Promise.all([
      flotilla(['version']),
      flotilla(['version', '-o', 'json']),
      flotilla(['--version']),
    ])
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    assert.equal(option.stdout, `flotilla ${version}\n`)
    assert.ok(text.stdout.startsWith(`flotilla ${version} (node ${process.version}, `))
    assert.deepEqual(Object.keys(JSON.parse(json.stdout)), ['flotilla', 'node', 'platform'])
  })

  describe('completion', () => {
    let script = ''
    before(async () => {
      script = (await flotilla(['completion', 'bash'])).stdout
    })

    /** What bash would offer for a line of words, the last of which is being typed. */
    async function offered(...words: readonly string[]): Promise<readonly string[]> {
      const list = ['flotilla', ...words].map((word) => `'${word}'`).join(' ')
      const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _flotilla; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout } = await promisify(execFile)('bash', ['-c', `${script}\n${ask}`], { cwd: folder })
      return stdout.split('\n').filter((word) => word !== '')
    }

    it('in bash offers commands, options, and the values of options', async () => {
      assert.deepEqual(await offered('st'), ['status'])
      assert.ok((await offered('')).includes('validate'))
      assert.deepEqual(await offered('status', '--wa'), ['--watch', '--wait'])
      assert.deepEqual(await offered('status', '-o', 'j'), ['json'])
      assert.deepEqual(await offered('status', '--output', ''), ['wide', 'json', 'yaml', 'name', 'markdown'])
      assert.deepEqual(await offered('--color', 'n'), ['never'])
      assert.deepEqual(await offered('--color', 'never', 'ver'), ['version'])
      assert.deepEqual(await offered('completion', 'f'), ['fish'])
      assert.deepEqual(await offered('status', '--sync', 'deg'), ['degraded'])
      assert.deepEqual(await offered('cluster', 'ro'), ['rotate'])
      assert.deepEqual(await offered('cluster', 'add', '--from', 'k'), ['kubefed'])
      assert.deepEqual(await offered('cluster', 'check', 'eu-1', '--no-h'), ['--no-headers'])
      assert.ok(!(await offered('')).includes('rotate'), 'it stands below cluster')
    })

    it('in bash offers files where a file is meant', async () => {
      assert.deepEqual(await offered('validate', '--source', 'fle'), ['fleet'])
      assert.deepEqual(await offered('run', '--git-ca', 'kube'), ['kubeconfig'])
    })

    for (const shell of ['zsh', 'fish']) {
      it(`for ${shell} knows every command, and the values of options`, async () => {
        const { code, stdout } = await flotilla(['completion', shell])
        assert.equal(code, 0)
        for (const word of ['validate', 'status', 'generated-branch', 'markdown', 'unreachable', 'zsh'])
          assert.ok(stdout.includes(word), word)
      })
    }
  })
})
