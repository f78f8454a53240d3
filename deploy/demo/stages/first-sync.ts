import { getIn } from '../../../repo-layout/json.ts'
import { clusters } from '../fleet-files.ts'
import type { Stage } from '../stage.ts'

const greetings: { readonly [region: string]: string } = {
  'eu-west': 'Hello from Europe',
  'us-east': 'Hello from America',
}

/** The first sync: the repository is there, and the daemon begins. */
export function firstSync(url: string): Stage {
  return {
    name: 'First sync',
    will: 'three clusters begin to run what Git says',
    command: `git push origin main && flotilla run --repo ${url}`,
    async run(world) {
      const placed = await world.expectRunning({ 'test-namespace/test-deployment': { 'eu-1': 3, 'us-1': 5 } })
      const divided = await world.expectRunning({ 'test-ns/test-deployment': { 'eu-1': 3, 'eu-2': 3, 'us-1': 3 } })
      for (const { name, region } of clusters) {
        await world.expect(
          `ConfigMap test-ns/greeting in ${name}: ${greetings[region]}`,
          () => world.kubectl.get(name, '/api/v1/namespaces/test-ns/configmaps/greeting'),
          (object) => getIn(object, ['data', 'greeting']) === greetings[region],
          (object) => JSON.stringify(object.data),
        )
        await world.kubectl.get(name, '/api/v1/namespaces/test-ns/services/test-deployment')
      }
      const came = [
        `${placed} (an override)`,
        `${divided} (9, by weight)`,
        `Service and ConfigMap in all three, "${greetings['us-east']}" in us-1`,
      ]
      return { came }
    },
  }
}
