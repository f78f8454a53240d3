import assert from 'node:assert/strict'
import * as gitea from '../../../reconciler/forge/gitea/schema.ts'
import * as github from '../../../reconciler/forge/github/schema.ts'
import * as gitlab from '../../../reconciler/forge/gitlab/schema.ts'
import type { PullRequest } from '../../../reconciler/forge/types.ts'

const ofGitea = (head: object, more: object = {}) =>
  gitea.pullRequest.parse({
    number: 1,
    title: '',
    html_url: '',
    state: 'open',
    head: { ref: 'change', sha: 'a', ...head },
    base: { ref: 'main', repo_id: 1 },
    ...more,
  })
const ofGithub = (repo: object | null | undefined) =>
  github.pullRequest.parse({
    number: 1,
    title: '',
    html_url: '',
    state: 'open',
    labels: [],
    head: { ref: 'change', sha: 'a', repo },
    base: { ref: 'main', repo: { id: 1 } },
  })
const ofGitlab = (source: number | null | undefined) =>
  gitlab.mergeRequest.parse({
    iid: 1,
    title: '',
    web_url: '',
    state: 'opened',
    labels: [],
    source_branch: 'change',
    target_branch: 'main',
    source_project_id: source,
    target_project_id: 1,
  })

const cases: readonly (readonly [what: string, pull: PullRequest, fork: boolean])[] = [
  ['Gitea: of the same repository', ofGitea({ repo_id: 1 }), false],
  ['Gitea: of another one', ofGitea({ repo_id: 2 }), true],
  ['Gitea: of one that is gone', ofGitea({ repo_id: 0 }), true],
  ['Gitea: of one that is not said', ofGitea({}), true],
  ['Gitea: pushed for review', ofGitea({ repo_id: 1, ref: 'refs/pull/1/head' }), true],
  ['Gitea: pushed for review, as newer ones say it', ofGitea({ repo_id: 1 }, { flow: 1 }), true],
  ['GitHub: of the same repository', ofGithub({ id: 1 }), false],
  ['GitHub: of another one', ofGithub({ id: 2 }), true],
  ['GitHub: of one that is gone', ofGithub(null), true],
  ['GitLab: of the same project', ofGitlab(1), false],
  ['GitLab: of another one', ofGitlab(2), true],
  ['GitLab: of one that is gone', ofGitlab(null), true],
]

describe('the content of a fork', () => {
  for (const [what, pull, fork] of cases)
    it(`${what} ${fork ? 'is that of a fork' : 'is our own'}`, () => assert.equal(pull.fork, fork))
})
