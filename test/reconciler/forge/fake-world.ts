import type { FakeForge } from './fakes/types.ts'
import type { ForgeWorld } from './world.ts'

/** The world of a fake; `us` is how our adapter's user is named there. */
export async function worldOf(starting: Promise<FakeForge>, us = 'flotilla'): Promise<ForgeWorld> {
  const fake = await starting
  const { repository } = fake
  let forge = fake.open()
  const must = (number: number) => {
    const pull = repository.pull(number)
    if (!pull) throw new Error(`there is no pull request ${number}`)
    return pull
  }
  return {
    get forge() {
      return forge
    },
    us,
    commit: async () => repository.commit('main'),
    async open({ fork = false, base = 'main' } = {}) {
      const { number, commit, branch } = repository.open({ fork, base })
      return { number, commit, branch }
    },
    branch: async (name) => repository.commit(name),
    label: async (number, label) => void must(number).labels.push(label),
    close: async (number) => {
      must(number).state = 'closed'
    },
    say: async (number, text) => void repository.comment(must(number), 'eve', text),
    comments: async (number) => must(number).comments.map(({ body }) => body),
    async refAt(ref) {
      const folder = fake.place.kind === 'gitlab' ? 'merge-requests' : 'pull'
      const number = new RegExp(`^refs/${folder}/(\\d+)/head$`).exec(ref)?.[1]
      return must(Number(number)).commit
    },
    stranger: () => fake.open({ token: 'nobody-knows-it' }),
    async renew() {
      await forge.close()
      forge = fake.open()
    },
    async stop() {
      await forge.close()
      await fake.close()
    },
  }
}
