import { systemClock } from '../../../reconciler/clock.ts'
import { worldOf } from './fake-world.ts'
import { startFakeGitea } from './fakes/gitea.ts'
import { startFakeGithub } from './fakes/github.ts'
import { noLimits } from './fakes/github-limits.ts'
import { startFakeGitlab } from './fakes/gitlab.ts'
import { promisesOfForges } from './suite.ts'

const clock = systemClock

describe('Gitea (fake)', () => promisesOfForges(() => worldOf(startFakeGitea({ clock }))))

describe('GitHub with a token (fake)', () => {
  promisesOfForges(() => worldOf(startFakeGithub({ clock, limits: noLimits })))
})

describe('GitHub with an App (fake)', () => {
  promisesOfForges(() => worldOf(startFakeGithub({ clock, limits: noLimits, app: true }), 'flotilla[bot]'))
})

describe('GitLab (fake)', () => promisesOfForges(() => worldOf(startFakeGitlab({ clock }))))
