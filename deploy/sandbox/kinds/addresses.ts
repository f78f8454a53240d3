/** Gives out what must be unique in a cluster: addresses and node ports of Services. */
export interface Addresses {
  clusterIp(): string
  nodePort(): number
}

/** Addresses that are given out in order and never again; a sandbox does not live long enough to run out. */
export function createAddresses(): Addresses {
  // The first address is that of the Service `kubernetes`.
  let [services, ports] = [2, 30_000]
  return {
    clusterIp: () => ipIn('10.96', services++),
    nodePort: () => ports++,
  }
}

function ipIn(network: string, count: number): string {
  return `${network}.${(count >> 8) & 255}.${count & 255}`
}
