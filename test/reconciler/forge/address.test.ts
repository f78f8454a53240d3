import assert from 'node:assert/strict'
import { isAtHome, placesOf } from '../../../reconciler/forge/address.ts'
import type { Forge } from '../../../reconciler/forge/types.ts'

type Case = readonly [repo: string, kind: Forge['kind'] | undefined, url: string | undefined, places: readonly string[]]

/** Each place as `kind api repository`. */
const cases: readonly Case[] = [
  ['https://github.com/acme/fleet.git', undefined, undefined, ['github https://api.github.com acme/fleet']],
  ['https://www.github.com/acme/fleet/', undefined, undefined, ['github https://api.github.com acme/fleet']],
  ['https://acme.ghe.com/platform/fleet', undefined, undefined, ['github https://api.acme.ghe.com platform/fleet']],
  ['https://gitlab.com/a/b/fleet.git', 'gitlab', 'https://gitlab.com', ['gitlab https://gitlab.com/api/v4 a/b/fleet']],
  ['https://ghe.example.com/acme/fleet.git', 'github', undefined, ['github https://ghe.example.com/api/v3 acme/fleet']],
  [
    'https://ssh.github.example/acme/fleet',
    'github',
    'https://api.github.com',
    ['github https://api.github.com acme/fleet'],
  ],
  ['http://127.0.0.1:3000/acme/fleet', 'gitea', undefined, ['gitea http://127.0.0.1:3000/api/v1 acme/fleet']],
  ['https://x.example/git/acme/fleet.git', 'gitea', undefined, ['gitea https://x.example/git/api/v1 acme/fleet']],
  [
    'https://x.example/git/acme/fleet.git',
    undefined,
    'https://x.example/git/api/v1/',
    ['gitea https://x.example/git/api/v1 acme/fleet', 'gitlab https://x.example/git/api/v4 acme/fleet'],
  ],
  [
    'https://x.example/gitlab/a/b/fleet',
    'gitlab',
    'https://x.example/gitlab',
    ['gitlab https://x.example/gitlab/api/v4 a/b/fleet'],
  ],
  [
    'https://x.example/a/b/fleet.git',
    undefined,
    undefined,
    [
      'gitea https://x.example/a/api/v1 b/fleet',
      'gitlab https://x.example/api/v4 a/b/fleet',
      'gitlab https://x.example/a/api/v4 b/fleet',
    ],
  ],
  ['https://git.example/a/fleet', 'gitlab', 'https://forge.example', ['gitlab https://forge.example/api/v4 a/fleet']],
  ['https://x.example/acme/a%20fleet', 'gitea', undefined, ['gitea https://x.example/api/v1 acme/a fleet']],
  ['https://x.example/fleet.git', undefined, undefined, []],
]

describe('where a forge is', () => {
  for (const [repo, kind, url, places] of cases)
    it(`${repo} with ${kind ?? 'any forge'}${url === undefined ? '' : ` at ${url}`}`, () => {
      const found = placesOf({ repo: new URL(repo), kind, url: url === undefined ? undefined : new URL(url) })
      assert.deepEqual(
        found.map((place) => `${place.kind} ${place.api} ${place.repository}`),
        places,
      )
    })

  const homes: readonly (readonly [repo: string, api: string, isHome: boolean])[] = [
    ['https://git.example/a/b', 'https://git.example/api/v1', true],
    ['https://git.example/a/b', 'https://git.example:8443/api/v1', false],
    ['https://git.example/a/b', 'http://git.example/api/v1', false],
    ['https://git.example/a/b', 'https://forge.example/api/v1', false],
    ['https://github.com/a/b', 'https://api.github.com', true],
    ['https://acme.ghe.com/a/b', 'https://api.acme.ghe.com', true],
    ['https://github.com/a/b', 'https://api.acme.ghe.com', false],
    ['https://git.example/a/b', 'https://api.git.example', false],
  ]
  for (const [repo, api, isHome] of homes)
    it(`${api} ${isHome ? 'may' : 'may not'} have the Git token of ${repo}`, () => {
      const place = { kind: 'gitea', api, web: api, repository: 'a/b' } as const
      assert.equal(isAtHome(place, new URL(repo)), isHome)
    })
})
