import assert from 'node:assert/strict'
import { getIn } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { fleet } from '../helper.ts'
import { command, nginxCharts } from './fixtures.ts'
import { rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releasesOf } from './written.ts'

function outside(apply: 'External' | 'Push'): string {
  const spec = { apply, region: 'local' }
  return stringifyYaml({ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'outside' }, spec })
}

describe('a cluster that something else applies to', () => {
  it('stays as it is, said so, while the others go on, and walks the steps once Flotilla applies there', async () => {
    const clusterRequirements = { regions: [{ name: 'local', replicas: 2 }] }
    const rehearsal = rehearse(
      {
        'flotilla.yaml': fleet,
        'clusters.yaml': `${clusterDocument({ name: 'c1' })}---\n${outside('External')}`,
        'app.yaml': applicationDocument('web', { clusterRequirements }),
      },
      nginxCharts(),
    )
    const replicas = (cluster: string, release: string) => {
      const path = `clusters/${cluster}/default/Deployment.apps/${release}-nginx.yaml`
      return getIn(rehearsal.file(path), ['spec', 'replicas'])
    }
    // Nothing that was applied there is in Flotilla's inventory.
    const byCluster = rehearsal.tell
    rehearsal.tell = (release, cluster) =>
      cluster === 'outside' ? { installed: false, trafficReady: false } : byCluster(release, cluster)
    await rehearsal.settle()
    const [release = ''] = releasesOf(rehearsal)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command('full on', release) }
    await rehearsal.settle()
    assert.deepEqual([replicas('c1', release), replicas('outside', release)], [10, 0])
    assert.match(
      rehearsal.said().join('\n'),
      /^app\.yaml:\d+:\d+: warning: outside: something else applies there \(apply: External\), .* and the others go on; write apply: Push/m,
    )
    rehearsal.sources = {
      ...rehearsal.sources,
      'clusters.yaml': `${clusterDocument({ name: 'c1' })}---\n${outside('Push')}`,
    }
    rehearsal.tell = byCluster
    const steps = (await rehearsal.settle()).flat().join('\n')
    assert.deepEqual([replicas('c1', release), replicas('outside', release)], [10, 10])
    assert.match(steps, /1 %.* in outside/)
    assert.deepEqual(rehearsal.said(), [])
  })
})
