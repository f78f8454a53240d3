import assert from 'node:assert/strict'
import { getIn } from '../../../repo-layout/json.ts'
import { testCharts } from '../../render/shipper/rehearsal.ts'
import { controllerBinaries } from '../../testbed/controllers.ts'
import { describeMembers } from '../../testbed/members.ts'
import { withFleet } from '../daemon/harness.ts'
import { pathOf } from '../daemon/members.ts'
import { application, command } from '../rollouts/application.ts'
import { startDesk } from './support.ts'

/** A chart whose ConfigMap all releases share, mounted by their pods; each version says its own greeting. */
const known = testCharts(({ release, version }) => [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { greeting: version } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${release}-web` },
    spec: {
      replicas: 2,
      selector: { matchLabels: {} },
      template: {
        metadata: { labels: {} },
        spec: {
          containers: [{ name: 'web', image: 'web', volumeMounts: [{ name: 'settings', mountPath: '/etc/web' }] }],
          volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
        },
      },
    },
  },
])
const charts = { at: () => ({ known, fulfil: async () => {}, due: () => undefined }) }

describeMembers('plans of rollouts on pull requests', ['etcd', 'kube-apiserver', ...controllerBinaries], function () {
  this.timeout(180_000)

  it('name what a new version changes under running pods when it is proposed, and again when it gets there; then that comes', () =>
    withFleet({ clusters: ['c1', 'c2'], controllers: true }, async (fleet) => {
      const { ns, people } = fleet
      for (const { name } of fleet.members) fleet.writeCluster(name, { region: 'local' })
      people.write('web.yaml', application(ns, '0.0.1', 2))
      await fleet.push('One')
      const desk = await startDesk(fleet, { charts })
      const until = (release: (name: string) => boolean, step: number) =>
        desk.daemon.until(
          ({ rollouts }) => {
            const [one] = rollouts ?? []
            return one && release(one.release) && one.achievedStep === step ? one.release : undefined
          },
          `step ${step} is achieved`,
          60_000,
        )
      const settings = () => fleet.member('c2').live(pathOf.configMap(ns, 'settings'))
      const first = await until(() => true, 0)
      people.write('web.release.yaml', command(ns, first, 2))
      await fleet.push('One, full on')
      await desk.daemon.sync()
      await until(() => true, 2)

      people.write('web.yaml', application(ns, '0.0.2', 2))
      const proposed = await desk.open('two')
      await desk.look()
      const [begins = ''] = desk.forge.comments(proposed.number)
      const workload = `Deployment.apps/${ns}/${first}-web`
      const row = `| ConfigMap/${ns}/settings | /data/greeting | c1 c2 | mounted by ${workload}, whose running pods see it |`
      assert.match(begins, new RegExp(`\\*\\*Rollout of ${ns}/web\\*\\* in c1 c2: web-\\S+ begins after ${first}`))
      assert.match(begins, /With the first traffic of web-\S+, at step 1 \(50\/50\), shared objects get its content/)
      assert(begins.includes(row), begins)
      assert.match(begins, /Then it waits for the command to go to step 1 \(50\/50\)/)
      assert.match(desk.forge.status(proposed.commit)?.description ?? '', / web begins web-|\/web begins web-/)
      await desk.merge(proposed.commit, proposed.number)
      await desk.daemon.sync()
      const second = await until((name) => name !== first, 0)
      assert.equal(getIn(await settings(), ['data', 'greeting']), '0.0.1', 'not yet')

      people.write('web.release.yaml', command(ns, second, 1))
      const promoted = await desk.open('promote')
      await desk.look()
      const [goes = ''] = desk.forge.comments(promoted.number)
      assert.equal(
        desk.forge.status(promoted.commit)?.description.replace(/ \(\d+ unchanged\)/, ''),
        `Nothing changes at once in 2 clusters. ${ns}/web goes to step 1 (50/50).`,
      )
      assert.match(goes, new RegExp(`${second} goes from step 0 \\(staging\\) to step 1 \\(50/50\\)`))
      assert.deepEqual(goes.match(/^\d\. .*$/gm), [
        `1. capacity of ${second} 1 % → 50 %`,
        `2. traffic of ${second} 0 → 50`,
        `3. traffic of ${first} 100 → 50`,
        `4. capacity of ${first} 100 % → 50 %`,
      ])
      assert(goes.includes(row), goes)
      await desk.merge(promoted.commit, promoted.number)
      await desk.daemon.sync()
      await until((name) => name === second, 1)
      assert.equal(getIn(await settings(), ['data', 'greeting']), '0.0.2', 'as was said')
      await desk.look()
      assert.match(desk.forge.comments(promoted.number)[0] ?? '', /\*\*as planned\*\*/)
    }))
})
