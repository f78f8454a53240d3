import { describeReal } from '../../testbed/binaries.ts'
import { startGiteaWorld } from './gitea-world.ts'
import { promisesOfForges } from './suite.ts'

describeReal('a real Gitea', ['gitea'], () => {
  promisesOfForges(startGiteaWorld)
})
