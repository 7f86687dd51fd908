/**
 * Which IP addresses are on the public internet: IANA's special-purpose registries (RFC 6890), for IPv4 and IPv6. Refuses to know of names
 * and of URLs.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

type Range = readonly [net: string, bits: number, what: string]

/** Where no push service can be, and what is there instead. */
const special4: readonly Range[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared by a carrier (CGNAT)'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.88.99.0', 24, 'a 6to4 relay'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
]

/** RFC 6052: an IPv4 address behind a translator of the local network. */
const NAT64 = '64:ff9b::'

const special6: readonly Range[] = [
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['::ffff:0:0', 96, 'an IPv4 address in disguise'],
  ['::', 96, 'an IPv4 address in disguise'],
  ['64:ff9b:1::', 48, 'behind a local translator (NAT64)'],
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'documentation'],
  ['2002::', 16, 'a 6to4 tunnel'],
  ['3fff::', 20, 'documentation'],
  ['fc00::', 7, 'private (ULA)'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'site-local'],
  ['ff00::', 8, 'multicast'],
  ...special4.map(([net, bits, what]): Range => [`${NAT64}${net}`, 96 + bits, `${what}, behind a translator (NAT64)`]),
]

/** All of IPv6 that is given out (RFC 4291 §2.4), and the translator's prefix. */
const global6: readonly Range[] = [
  ['2000::', 3, ''],
  [NAT64, 96, ''],
]

type Family = 'ipv4' | 'ipv6'

/** Node takes an IPv4 rule to hold for its disguises too, so each family has lists of its own. */
function listOf([net, bits, what]: Range, family: Family): { readonly list: BlockList; readonly what: string } {
  const list = new BlockList()
  list.addSubnet(net, bits, family)
  return { list, what }
}

const lists = {
  ipv4: special4.map((range) => listOf(range, 'ipv4')),
  ipv6: special6.map((range) => listOf(range, 'ipv6')),
  global6: global6.map((range) => listOf(range, 'ipv6')),
}

/** What an address is instead of public, in words; undefined if it is public. A zone (`%eth0`) is read over. */
export function whyNotPublic(address: string): string | undefined {
  const [bare = ''] = address.split('%')
  const family = isIPv4(bare) ? 'ipv4' : isIPv6(bare) ? 'ipv6' : undefined
  if (family === undefined) return 'no IP address'
  const special = lists[family].find(({ list }) => list.check(bare, family))
  if (special !== undefined) return special.what
  return family === 'ipv4' || lists.global6.some(({ list }) => list.check(bare, family)) ? undefined : 'reserved'
}
