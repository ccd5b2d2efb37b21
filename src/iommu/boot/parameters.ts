import type { IommuFacts } from '../model.ts';

type Vendor = IommuFacts['vendor'];

/** The words of a kernel command line. */
export function splitWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/**
 * The parameters that `words` lack for an IOMMU that is on. AMD's is on without one: `amd_iommu` has no value `on`, the kernel would
 * only log an unknown option. A person's own `iommu=` stays as it is. Linux Documentation/admin-guide/kernel-parameters.txt
 */
export function missingParameters(vendor: Vendor, words: readonly string[]): readonly string[] {
  const missing: string[] = [];
  if (vendor === 'intel' && !valuesOf(words, 'intel_iommu').includes('on')) missing.push('intel_iommu=on');
  if (vendor !== 'other' && valuesOf(words, 'iommu').length === 0) missing.push('iommu=pt');
  return missing;
}

/** True when a parameter of `words` switches an IOMMU of Intel's on. AMD's needs none. */
export function isSwitchedOn(words: readonly string[]): boolean {
  return valuesOf(words, 'intel_iommu').includes('on');
}

/** A parameter among `words` that switches the IOMMU off; undefined when there is none. */
export function offParameter(vendor: Vendor, words: readonly string[]): string | undefined {
  const names = vendor === 'intel' ? ['iommu', 'intel_iommu'] : ['iommu', 'amd_iommu'];
  return words.find((word) => names.some((name) => valuesOf([word], name).includes('off')));
}

/** `on`, `sm_on` of `intel_iommu=on,sm_on`. */
function valuesOf(words: readonly string[], name: string): readonly string[] {
  return words
    .filter((word) => word.startsWith(`${name}=`))
    .flatMap((word) => word.slice(name.length + 1).split(','));
}
