import { assertNever } from '../../base/errors.ts';
import type { Run } from '../model.ts';
import { consoleSignText } from './console-signs.ts';

const dhcpHint =
  'check that the NIC is cabled to the segment of the PXE server, that network boot is enabled on it, and that nobody else on the segment answers DHCP';

/** Facts from outside the run that help to explain it. */
export interface DiagnosisContext {
  /** MACs of machines that nobody knows and that asked for a boot since the run began. */
  readonly strangers: readonly string[];
  /** Whether the run's PXE server answers at all. */
  readonly serverRunning: boolean;
}

function noDhcp(run: Run, context: DiagnosisContext): string {
  const { evidence } = run;
  if (evidence.barredCluster !== undefined) {
    return `the machine asked a PXE server of cluster "${evidence.barredCluster}" for a boot, but its chassis belongs to another cluster: correct the clusterUuid of the chassis with updateBaremetalChassis, or the cabling, and provision again`;
  }
  if (context.strangers.length > 0) {
    return (
      `no DHCP packet from a NIC known to be this machine's, but unknown machines asked for a boot meanwhile: ${context.strangers.join(', ')}. ` +
      `If one of them is this machine, set the system tag bootMac::<mac> on the chassis and provision again`
    );
  }
  if (evidence.bootFlagKept === false) {
    return 'the BMC did not keep the boot flag, so the machine most likely booted its disk: set network boot first in the firmware setup';
  }
  if (evidence.efiBitKept === false) {
    return 'no DHCP packet arrived; the BMC dropped the EFI bit of the boot flag, so a UEFI machine may have booted its disk: set system tag bootMode::legacy or put network boot first in the firmware setup';
  }
  return `no DHCP packet from the machine: it booted its disk, or its packets do not reach us; ${dhcpHint}`;
}

function noLoader(run: Run): string {
  const { evidence } = run;
  if (evidence.poolFull)
    return 'the DHCP range has no free address left: make it larger or remove old leases';
  if (evidence.otherServer !== undefined) {
    return `another DHCP server, ${evidence.otherServer}, answered and the machine took its offer: keep that server off this segment or exclude this machine there`;
  }
  if (evidence.offers > 0 && evidence.acks === 0) {
    return `our DHCP offer was not accepted (${evidence.offers} offers, no request): another DHCP server may have answered first, or our broadcast does not reach the machine (port isolation, spanning tree still blocking)`;
  }
  if (evidence.loaderStarted && evidence.loaderBytes === 0) {
    return 'the loader was asked for but block 0 or 1 was never acknowledged: a firewall between us and the machine that blocks high UDP ports is the usual cause';
  }
  if (evidence.loaderFailure !== undefined) return `the loader's transfer failed: ${evidence.loaderFailure}`;
  return 'the machine got its address but never asked for the loader: its firmware may not do this kind of network boot (legacy against UEFI), or UDP port 69 is blocked';
}

/**
 * The likely cause of a run that came to no end in its stage, with the next thing to do: what the packets tell, and what the console shows
 * where somebody could look. A few sentences.
 */
export function diagnose(run: Run, context: DiagnosisContext): string {
  const cause = fromPackets(run, context);
  // Nobody looked, or it shows nothing that is known: the packets alone tell.
  const shown =
    run.evidence.consoleSign === undefined ? undefined : consoleSignText(run.evidence.consoleSign);
  return shown === undefined ? cause : `${cause}. And ${shown}`;
}

function fromPackets(run: Run, context: DiagnosisContext): string {
  const { evidence, stage } = run;
  if (!context.serverRunning && stage !== 'powering' && stage !== 'finishing') {
    return 'the PXE server of this run is stopped, so the machine got no answer: start it with startBaremetalPxeServer and provision again';
  }
  switch (stage) {
    case 'powering':
      return 'the BMC did not finish the power command in time: look at the BMC, then provision again';
    case 'awaiting-dhcp':
      return noDhcp(run, context);
    case 'awaiting-loader':
      return noLoader(run);
    case 'awaiting-script':
      if (!evidence.loaderDone) {
        return `the loader's transfer stopped at ${evidence.loaderBytes} of ${evidence.loaderTotal} bytes: packet loss, or the machine was reset`;
      }
      return evidence.ipxeDiscovers > 0
        ? 'iPXE started and got its address but never fetched its script: TCP to the boot port is blocked, or spanning tree keeps the port silent'
        : 'the loader was fetched, then silence: iPXE hangs or has no driver for this NIC; try the other loader build (ipxe.efi or undionly.kkpxe)';
    case 'awaiting-kernel':
      return 'iPXE read its script but did not fetch the kernel: look at its screen; the usual causes are a wrong clock, too little memory or a blocked TCP connection';
    case 'awaiting-initrd':
      return `the kernel ${evidence.kernelDone ? 'arrived' : 'did not arrive whole'} and the initrd stopped at ${evidence.initrdBytes} of ${evidence.initrdTotal} bytes: network loss, or too little memory in the machine`;
    case 'awaiting-begin':
      if (run.kind === 'inspect') {
        return evidence.systemAcks > 0
          ? 'the inspector booted and got its address but sent no report: look at its console; TCP to the boot port may be blocked'
          : 'kernel and initrd arrived, then silence: the inspector has no driver for the boot NIC, or the kernel stopped; look at the console';
      }
      if (evidence.kickstartReads > 0)
        return 'the installer read its kickstart but did not report its begin: look at its console';
      return evidence.systemAcks > 0
        ? 'the installer got its address but did not fetch its kickstart: TCP to the boot port may be blocked'
        : 'kernel and initrd arrived but the kickstart was never fetched: the installer has no driver for the boot NIC, or that port is in another VLAN once the system runs';
    case 'working':
      return run.kind === 'inspect'
        ? 'the inspector began but did not report: look at its console'
        : 'the installer began but did not report its end: it waits for a person or stopped with an error; look at its console';
    case 'finishing':
      return 'the work is done but the machine did not power off and its BMC could not power it off';
    case 'done':
    case 'failed':
      return run.cause ?? 'the run has ended';
    default:
      return assertNever(stage, 'stage');
  }
}
