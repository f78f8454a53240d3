import assert from 'node:assert/strict'
import { capture } from '../../../reconciler/capture/capture.ts'
import { createRenderer } from '../../../reconciler/capture/copies.ts'
import type { HandMade } from '../../../reconciler/capture/take.ts'
import { fleet, memoryTree, preference, previousOf, type Sources } from '../../render/helper.ts'
import { nginxCharts } from '../../render/shipper/fixtures.ts'
import { rehearse } from '../../render/shipper/rehearsal.ts'
import { applicationDocument, clusterDocument, releasesOf } from '../../render/shipper/written.ts'
import { captureInto, setByHand } from './support.ts'

const image = '/spec/template/spec/containers[name=web]/image'

/** A workload as teams write it; `end` is what stands behind its placement. */
function workload(end = '', apiVersion = 'types.kubefed.io/v1beta1'): string {
  return `# The shop's front.
apiVersion: ${apiVersion}
kind: FederatedDeployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      annotations: {team: "shop", example.com/why: 'x'}
    spec:
      replicas: 3 # enough for now
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
          - {name: side, image: "side:1"}
          - name: web
            image: web:1
            args: [--a, --b]
  placement: {clusters: [{name: cluster1}, {name: cluster2}]}
${end}`
}

interface Row {
  readonly what: string
  readonly before: string
  readonly fields: readonly HandMade[]
  /** The end of the file behind the placement. */
  readonly end: string
  readonly cluster?: string
  readonly apiVersion?: string
}

const rows: readonly Row[] = [
  {
    what: 'adds the first override',
    before: '',
    fields: [setByHand('/spec/replicas', 7, 3)],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /spec/replicas\n      value: 7\n',
  },
  {
    what: "writes the dotted path that kubefed's v1alpha1 knows",
    before: '',
    apiVersion: 'types.federation.k8s.io/v1alpha1',
    fields: [setByHand('/spec/replicas', 7, 3)],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: spec.replicas\n      value: 7\n',
  },
  {
    what: 'names an item of a list by its place in the rendered object, and its cluster beside others',
    before:
      '  overrides: # by cluster\n    - clusterName: cluster2\n      clusterOverrides: [{path: /spec/replicas, value: 5}]\n',
    fields: [setByHand(image, 'web:2', 'web:1')],
    end: '  overrides: # by cluster\n    - clusterName: cluster2\n      clusterOverrides: [{path: /spec/replicas, value: 5}]\n    - clusterName: cluster1\n      clusterOverrides:\n        - path: /spec/template/spec/containers/1/image\n          value: web:2\n',
  },
  {
    what: 'changes the override of the same path, and keeps what is said of it',
    before:
      '  overrides:\n  # small cluster\n  - clusterName: cluster1\n    clusterOverrides:\n    - op: replace\n      path: /spec/replicas # INC-1\n      value: 5 # five\n',
    fields: [setByHand('/spec/replicas', 7, 5)],
    end: '  overrides:\n  # small cluster\n  - clusterName: cluster1\n    clusterOverrides:\n    - op: replace\n      path: /spec/replicas # INC-1\n      value: 7 # five\n',
  },
  {
    what: 'takes one path in either notation for the same',
    before: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {path: spec.replicas, value: 5}\n',
    fields: [setByHand('/spec/replicas', 7, 5)],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {path: spec.replicas, value: 7}\n',
  },
  {
    what: 'takes an override out where Git says the same without it',
    before:
      '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {path: /spec/replicas, value: 5}\n    - {path: /spec/paused, value: true}\n',
    fields: [setByHand('/spec/replicas', 3, 5)],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {path: /spec/paused, value: true}\n',
  },
  {
    what: 'takes the cluster and the list out with their last override',
    before: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {path: /spec/replicas, value: 5}\n',
    fields: [setByHand('/spec/replicas', 3, 5)],
    end: '',
  },
  {
    what: 'changes a part of a value that an override writes as a whole',
    before:
      '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /metadata/annotations\n      value: {team: eu, b/c: one} # ours\n',
    fields: [setByHand('/metadata/annotations/b/c', 'two', 'one')],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /metadata/annotations\n      value: {team: eu, b/c: two} # ours\n',
  },
  {
    what: 'takes out what was said of parts, where the whole is said',
    before:
      '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {op: replace, path: /spec/template/spec/containers/1/args/0, value: --z}\n    - {op: replace, path: /spec/replicas, value: 5}\n',
    fields: [setByHand('/spec/template/spec/containers[name=web]/args', ['--c'], ['--z', '--b'])],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - {op: replace, path: /spec/replicas, value: 5}\n    - {path: /spec/template/spec/containers/1/args, op: replace, value: ["--c"]}\n',
  },
  {
    what: 'has the last word over a selector',
    before:
      '  overrides:\n  - clusterSelector: {matchLabels: {odd: "yes"}}\n    clusterOverrides: [{path: /spec/replicas, value: 4}]\n',
    fields: [setByHand('/spec/replicas', 7, 4)],
    end: '  overrides:\n  - clusterSelector: {matchLabels: {odd: "yes"}}\n    clusterOverrides: [{path: /spec/replicas, value: 4}]\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /spec/replicas\n      value: 7\n',
  },
  {
    what: 'takes away what was taken away, with a slash in its name',
    before: '',
    fields: [setByHand('/metadata/annotations/example.com/why', undefined, 'x')],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /metadata/annotations/example.com~1why\n      op: remove\n',
  },
  {
    what: 'finds the places anew behind an item that goes',
    before: '',
    fields: [
      setByHand('/spec/template/spec/containers[name=side]', undefined, { name: 'side', image: 'side:1' }),
      setByHand(image, 'web:2', 'web:1'),
    ],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /spec/template/spec/containers/0\n      op: remove\n    - path: /spec/template/spec/containers/0/image\n      value: web:2\n',
  },
  {
    what: 'quotes texts that could be taken for something else',
    before: '',
    fields: [setByHand('/metadata/annotations/team', 'yes', 'shop')],
    end: '  overrides:\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /metadata/annotations/team\n      value: "yes"\n',
  },
  {
    what: 'writes the overrides of an alias out, for this cluster alone',
    before:
      '  overrides:\n  - clusterName: cluster2\n    clusterOverrides: &few [{path: /spec/replicas, value: 1}]\n  - clusterName: cluster1\n    clusterOverrides: *few\n',
    fields: [setByHand('/spec/replicas', 2, 1)],
    end: '  overrides:\n  - clusterName: cluster2\n    clusterOverrides: &few [{path: /spec/replicas, value: 1}]\n  - clusterName: cluster1\n    clusterOverrides:\n    - path: /spec/replicas\n      value: 2\n',
  },
]

interface Refusal {
  readonly what: string
  readonly text: string
  readonly field: HandMade
  readonly says: RegExp
  readonly type?: 'refused' | 'nothing'
  readonly subject?: string
  readonly more?: Sources
  readonly cluster?: string
}

const refusals: readonly Refusal[] = [
  {
    what: 'what Git says already',
    text: workload(),
    field: setByHand('/spec/replicas', 3, 5),
    type: 'nothing',
    says: /^Git says so already: \/spec\/replicas of Deployment\.apps\/shop\/web in cluster1, from w\.yaml$/,
  },
  {
    what: 'an object that the cluster does not get',
    text: workload(),
    cluster: 'cluster3',
    field: setByHand('/spec/replicas', 7, 3),
    says: /^the source sends no Deployment\.apps\/shop\/web to cluster3$/,
  },
  {
    what: 'a field that Git says nothing of any more',
    text: workload(),
    field: setByHand('/spec/template/spec/containers[name=old]/image', 'o:2', 'o:1'),
    says: /Git says nothing of .*containers\[name=old\]\/image .* any more; write it into w\.yaml by hand/,
  },
  {
    what: 'replicas that a preference divides',
    text: workload(),
    more: { 'p.yaml': preference('web', { totalReplicas: 9, clusters: { '*': { weight: 1 } } }) },
    field: setByHand('/spec/replicas', 9, 3),
    says: /divided by the ReplicaSchedulingPreference in p\.yaml.*write minReplicas and maxReplicas, or weight, of cluster1/,
  },
  {
    what: 'a namespace that the Fleet makes by itself',
    text: workload(),
    subject: 'Namespace/shop',
    field: setByHand('/metadata/labels/team', 'x'),
    says: /flotilla\.yaml holds no federated document of Namespace\/shop .* write a FederatedNamespace/,
  },
  {
    what: 'overrides that are shared by an anchor, with what to write by hand',
    text: workload(
      '  overrides:\n  - clusterName: cluster1\n    clusterOverrides: &few [{path: /spec/replicas, value: 1}]\n  - clusterName: cluster2\n    clusterOverrides: *few\n',
    ),
    field: setByHand('/spec/replicas', 2, 1),
    says: /no override in w\.yaml could be written .* shared by an anchor.*path: \/spec\/replicas\nvalue: 2/s,
  },
  {
    what: 'a workload in error, with the error',
    text: workload('  overrides:\n  - clusterName: cluster1\n    clusterOverrides: [{path: /kind, value: x}]\n'),
    field: setByHand('/spec/replicas', 2, 1),
    says: /w\.yaml:\d+:\d+: error: .*cannot be overridden/,
  },
]

describe('capturing a field into its source file', () => {
  for (const { what, before, fields, end, cluster, apiVersion } of rows)
    it(what, async () => {
      const text = workload(before, apiVersion)
      const result = await captureInto(text, fields, cluster === undefined ? {} : { cluster })
      assert.equal(result.type === 'captured' ? result.text : JSON.stringify(result), workload(end, apiVersion))
    })

  for (const { what, text, field, says, type = 'refused', subject, more, cluster } of refusals)
    it(`refuses ${what}`, async () => {
      const result = await captureInto(text, [field], {
        ...(subject === undefined ? {} : { subject }),
        ...(cluster === undefined ? {} : { cluster }),
        ...(more === undefined ? {} : { more }),
      })
      assert.equal(result.type, type)
      assert.match('why' in result ? [result.why].flat().join('\n') : '', says)
    })

  it('refuses an object of a release, with where what differs is written', async () => {
    const sources = {
      'flotilla.yaml': fleet,
      'c.yaml': clusterDocument({ name: 'c1' }),
      'app.yaml': applicationDocument('web'),
    }
    const rehearsal = rehearse(sources, nginxCharts())
    await rehearsal.settle()
    const [release = ''] = releasesOf(rehearsal)
    const subject = `Deployment.apps/default/${release}-nginx`
    const fields = [setByHand('/spec/template/spec/containers[name=nginx]/image', 'nginx:2', 'bitnami/nginx:0.0.1')]
    const renderer = createRenderer(memoryTree(sources), async () => previousOf(rehearsal.texts()))
    const result = await capture({ subject, cluster: 'c1', fields }, renderer, async () =>
      Buffer.from(sources['app.yaml']),
    )
    assert.ok(result.type === 'refused', JSON.stringify(result))
    assert.deepEqual(result.why, [
      `${subject} is of a release of the Application default/web; write an entry with clusterName: c1 into spec.template.overrides of it in app.yaml, and it is rolled out as a new release`,
    ])
  })

  it('says what Git said before, where it is not what it said then', async () => {
    const result = await captureInto(workload(), [
      setByHand('/spec/replicas', 7, 2),
      setByHand(image, 'web:1', 'web:0'),
    ])
    assert.ok(result.type === 'captured')
    assert.deepEqual(result.notes, [
      'Git says 3 at /spec/replicas now, and said 2 then',
      `Git says so already: ${image}`,
    ])
    assert.deepEqual(
      result.fields.map(({ pointer, before, override }) => [pointer, before, override]),
      [['/spec/replicas', 3, 'added']],
    )
  })
})
