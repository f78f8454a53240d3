import assert from 'node:assert/strict'
import fc from 'fast-check'
import { builtinKind } from '../../repo-layout/kinds/builtin.ts'
import { formatMessage } from '../../repo-layout/message.ts'
import {
  apiVersionProblem,
  clusterNameProblem,
  kindProblem,
  labelKeyProblem,
  labelValueProblem,
  objectNameProblem,
} from '../../repo-layout/names.ts'
import { formatSubject, parseSubject } from '../../repo-layout/subject.ts'
import { nearest } from '../../repo-layout/suggest.ts'

const long = (count: number) => 'x'.repeat(count)

/** What each rule takes, and what it refuses; the rules are those of `k8s.io/apimachinery` and of a disk. */
const rules: readonly {
  readonly rule: string
  readonly problem: (text: string) => string | undefined
  readonly takes: readonly string[]
  readonly refuses: readonly string[]
}[] = [
  {
    rule: 'the name of a ConfigMap',
    problem: (text) => objectNameProblem(text, 'subdomain'),
    takes: ['a', '1', 'a.b', 'a-b.c-d', long(253)],
    refuses: ['', 'A', 'a_b', '-a', 'a-', 'a.', '.a', 'a..b', 'a.-b', 'a/b', 'é', 'a\n', long(254)],
  },
  {
    rule: 'the name of a Namespace',
    problem: (text) => objectNameProblem(text, 'label'),
    takes: ['a', '1', 'a-b', long(63)],
    refuses: ['', 'A', 'a.b', '-a', 'a-', long(64)],
  },
  {
    rule: 'the name of a Service',
    problem: (text) => objectNameProblem(text, 'label1035'),
    takes: ['a', 'a1', 'a-1', long(63)],
    refuses: ['', '1', '1a', 'A', 'a.b', 'a-', long(64)],
  },
  {
    rule: 'the name of a ClusterRole',
    problem: (text) => objectNameProblem(text, 'segment'),
    takes: ['system:view', 'A b', 'é'],
    refuses: ['.', '..', 'a/b', 'a%b'],
  },
  {
    rule: 'a kind',
    problem: kindProblem,
    takes: ['Deployment', 'a', 'X509'],
    refuses: ['', '1a', 'a-b', 'a.b', '../a', 'a/b', long(64)],
  },
  {
    rule: 'an apiVersion',
    problem: apiVersionProblem,
    takes: ['v1', 'apps/v1', 'example.com/v1alpha1'],
    refuses: ['', '/', 'apps/', 'a/b/c', 'Apps/v1', '../v1', 'apps/V1'],
  },
  {
    rule: 'a label key',
    problem: labelKeyProblem,
    takes: ['a', 'A_b.c-1', 'example.com/a', long(63)],
    refuses: ['', '-a', 'a-', '/a', 'a/', 'Example.com/a', 'a/b/c', 'a b', long(64)],
  },
  {
    rule: 'a label value',
    problem: labelValueProblem,
    takes: ['', 'a', 'A_b.c-1', long(63)],
    refuses: ['-a', 'a-', 'a b', 'a/b', long(64)],
  },
  {
    rule: 'the name of a cluster',
    problem: clusterNameProblem,
    takes: ['A', 'eu-1', 'EU West', 'ü', 'a.b', 'planet', long(200)],
    refuses: [
      'plan',
      'PLAN',
      '.a',
      '..',
      'a/b',
      'a\\b',
      'a:b',
      'a*',
      'a?',
      '"a"',
      '<a>',
      'a|b',
      ' a',
      'a ',
      'a.',
      'a\nb',
      'git~1',
      long(201),
    ],
  },
]

for (const { rule, problem, takes, refuses } of rules) {
  describe(`names: ${rule}`, () => {
    for (const text of takes) it(`may be ${show(text)}`, () => assert.equal(problem(text), undefined))
    for (const text of refuses) it(`cannot be ${show(text)}`, () => assert.notEqual(problem(text), undefined))
  })
}

describe('built-in kinds', () => {
  for (const [kind, group, apiVersion] of [
    ['Deployment', undefined, 'apps/v1'],
    ['Deployment', 'extensions', 'apps/v1'],
    ['Ingress', 'extensions', 'networking.k8s.io/v1'],
    ['Service', '', 'v1'],
    ['Service', 'serving.knative.dev', undefined],
    ['constructor', undefined, undefined],
    ['Widget', undefined, undefined],
  ] as const) {
    it(`${kind}${group === undefined ? '' : ` of group "${group}"`} is ${apiVersion ?? 'not known'}`, () => {
      assert.equal(builtinKind(kind, group)?.apiVersion, apiVersion)
    })
  }
})

describe('suggestions', () => {
  for (const [text, candidates, meant] of [
    ['placment', ['placement', 'template'], 'placement'],
    ['naem', ['name'], 'name'],
    ['Nmae', ['name'], 'name'],
    ['us1', ['us-1', 'eu-1'], 'us-1'],
    ['web', ['db', 'api'], undefined],
    ['ab', ['cd'], undefined],
    ['clusterss', ['clusters', 'clusterSelector'], 'clusters'],
    ['', ['name'], undefined],
    [long(100_000), ['name', long(100_001)], undefined],
  ] as const) {
    it(`${show(text)} among ${candidates.map(show).join(', ')} is ${meant === undefined ? 'nothing' : show(meant)}`, () => {
      assert.equal(nearest(text, candidates), meant)
    })
  }
})

describe('Subjects', () => {
  it('are read as they are written, for every name that an API server takes', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
    const kind = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,10}$/)
    const group = fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z]{1,5}(\.[a-z]{1,5}){0,2}$/))
    const parts = fc.record({ kind, group, namespace: fc.option(label, { nil: undefined }), name: label })
    fc.assert(fc.property(parts, (one) => assert.deepEqual(parseSubject(formatSubject(one)), { ...one })))
  })

  for (const text of ['', 'Pod', '/a', 'Pod/', 'Pod/a/b/c', 'Pod//a']) {
    it(`${show(text)} is none`, () => assert.equal(parseSubject(text), undefined))
  }
})

describe('messages', () => {
  it('are one line each and steer no terminal, whatever stands in the source', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, text) => {
        const line = formatMessage({ path, line: 1, column: 2, severity: 'error', text, code: 'schema' })
        assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}]/u)
        assert.ok(line.includes(':1:2: error: ') && line.endsWith(' [schema]'))
      }),
    )
  })
})

function show(text: string): string {
  return text.length > 40 ? `${JSON.stringify(text.slice(0, 3))}… (${text.length} signs)` : JSON.stringify(text)
}
