/** Where things are, for a person who goes on by hand. */
export interface Whereabouts {
  readonly url: string
  readonly kubeconfig: string
  readonly server: string
  /** The checkout of Flotilla. */
  readonly checkout: string
}

/** What to try next from another terminal, once the tour is over. Every command works as it stands. */
export function nextSteps({ url, kubeconfig, server, checkout }: Whereabouts): readonly string[] {
  return [
    'It stays up. From another terminal:',
    '',
    `  cd ${checkout}`,
    `  export KUBECONFIG=${kubeconfig} FLOTILLA_SERVER=${server} FLEET=${url}`,
    '  npm run -s flotilla -- status --watch',
    '',
    'Change something in Git:',
    '',
    '  git clone "$FLEET" /tmp/flotilla-fleet',
    "  sed -i 's/totalReplicas: 9/totalReplicas: 12/' /tmp/flotilla-fleet/workloads/test-ns.yaml",
    '  git -C /tmp/flotilla-fleet commit --all --message "Run twelve"',
    '  git -C /tmp/flotilla-fleet push',
    '',
    "Change something behind Git's back:",
    '',
    '  kubectl --context eu-1 --namespace test-ns delete deployment test-deployment',
    '  kubectl --context eu-1 --namespace test-ns get deployment test-deployment',
    '  npm run -s flotilla -- status eu-1',
    '',
    'docs/demo.md has more. Ctrl-C ends the demo and removes everything that it made.',
  ]
}
