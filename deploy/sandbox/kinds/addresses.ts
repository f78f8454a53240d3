/** Gives out what must be unique in a cluster: addresses and node ports of Services. */
export interface Addresses {
  clusterIp(): string
  nodePort(): number
  podIp(): string
}

/** Addresses that are given out in order and never again; a sandbox does not live long enough to run out. */
export function createAddresses(): Addresses {
  let [services, ports, pods] = [1, 30_000, 1]
  return {
    clusterIp: () => ipIn('10.96', services++),
    nodePort: () => ports++,
    podIp: () => ipIn('10.244', pods++),
  }
}

function ipIn(network: string, count: number): string {
  return `${network}.${(count >> 8) & 255}.${count & 255}`
}
