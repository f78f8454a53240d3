import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeNginxRepository } from '../../charts/repository.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'
import { startServer } from '../charts/server.ts'
import { startChild } from '../daemon/child.ts'
import { eventually, withFleet } from '../daemon/harness.ts'
import { application, command, replicas } from './application.ts'
import { needs, probeEndpoints, readyEndpoints } from './world.ts'

describeReal('a rollout whose daemon is killed at every move', needs, function () {
  this.timeout(300_000)

  it('goes on where it was, and never has fewer ready endpoints than promised', () =>
    withFleet({ controllers: true }, async (fleet) => {
      const charts = join(fleet.folder, 'charts')
      await writeNginxRepository(charts)
      const repository = await startServer((request, response) =>
        response.end(readFileSync(join(charts, (request.url ?? '').split('/').at(-1) ?? ''))),
      )
      fleet.writeFleet({ charts: { mirrors: [{ from: 'https://charts.example.com', to: repository.url }] } })
      for (const { name } of fleet.members) fleet.writeCluster(name, { region: 'local' })
      const env = { FLOTILLA_HELM: requireBinary('helm'), XDG_CACHE_HOME: join(fleet.folder, 'cache') }
      const begin = () => startChild(fleet, { env, more: ['--poll', '* * * * * *'] })
      const releases = () =>
        fleet.git('ls-tree', '-r', '--name-only', 'generated').match(/(?<=rollouts\/.*\/)web-[^/]+(?=\/Release)/g) ?? []
      const achieved = (release: string) =>
        /achievedStep:\n\s+step: (\d)/.exec(
          fleet.git('show', `generated:rollouts/${fleet.ns}/web/${release}/Release.yaml`),
        )?.[1]

      fleet.people.write('web.yaml', application(fleet.ns, '0.0.1', 3))
      await fleet.push('One')
      let daemon = begin()
      const first = await eventually(() => fleet.generatedTip() && releases()[0], 'the first release', {
        limit: 60_000,
      })
      fleet.people.write('web.release.yaml', command(fleet.ns, first, 2))
      await fleet.push('One, full on')
      await eventually(() => achieved(first) === '2', 'the first one is rolled out', { limit: 90_000 })

      const probe = probeEndpoints(fleet.members, fleet.ns, 'nginx')
      fleet.people.write('web.yaml', application(fleet.ns, '0.0.2', 3))
      await fleet.push('Two')
      const second = await eventually(() => releases().find((name) => name !== first), 'the second release', {
        limit: 60_000,
      })
      let kills = 0
      for (const step of [1, 2]) {
        fleet.people.write('web.release.yaml', command(fleet.ns, second, step))
        await fleet.push(`Two, step ${step}`)
        for (let tip = fleet.generatedTip(); achieved(second) !== String(step); ) {
          const now = await eventually(() => fleet.generatedTip() !== tip && fleet.generatedTip(), 'a move', {
            limit: 60_000,
            explain: () => daemon.process.logTail(),
          })
          tip = now
          await daemon.process.kill()
          kills++
          daemon = begin()
        }
      }
      await probe.stop()
      const lowest = probe.lowest()
      console.log(`    ${kills} kills: at least ${JSON.stringify(lowest)} of ${replicas} endpoints`)
      assert.ok(kills >= 8, `${kills} kills`)
      for (const [cluster, count] of Object.entries(lowest)) assert.ok(count >= replicas, `${cluster}: ${count}`)

      // At rest the Service selects the release itself: pods that come again need nobody.
      await daemon.applied()
      await daemon.process.kill()
      const [member] = fleet.members
      assert.ok(member)
      await member.send('DELETE', `/api/v1/namespaces/${fleet.ns}/pods`)
      await eventually(
        async () => (await readyEndpoints(member.live, fleet.ns, 'nginx')) === replicas,
        'endpoints are back without a daemon',
        { limit: 60_000 },
      )
      await repository.close()
    }))
})
