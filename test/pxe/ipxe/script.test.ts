import { expect, it } from 'vitest';
import { renderBootScript, renderExitScript } from '../../../src/pxe/ipxe/script.ts';

const given = {
  kernelUrl: 'http://192.0.2.1:8081/boot/aa/kernel',
  initrdUrl: 'http://192.0.2.1:8081/boot/aa/initrd',
  kernelArguments: ['console=ttyS0,115200', 'note=rack 4'],
  bootNote: 'inspection of web-04',
};

it('starts with the magic, frees images first, and names the initrd on the kernel’s line', () => {
  const script = renderBootScript(given);
  const lines = script.split('\n');
  expect(lines[0]).toBe('#!ipxe');
  expect(lines.findIndex((l) => l === 'imgfree')).toBeLessThan(
    lines.findIndex((l) => l.startsWith('kernel ')),
  );
  const kernels = lines.filter((l) => l.startsWith('kernel '));
  expect(kernels.length).toBe(3);
  for (const line of kernels) {
    expect(line).toMatch(
      /^kernel --name kernel http:\/\/192\.0\.2\.1:8081\/boot\/aa\/kernel initrd=initrd console=ttyS0,115200 note="rack 4" BOOTIF=01-\$\{netX\/mac:hexhyp\} && goto initrd_1 \|\| goto kernel_(?:2|3|failed)$/,
    );
  }
  expect(lines.filter((l) => l.startsWith('initrd --name initrd ')).length).toBe(3);
  expect(script).toContain('echo Rackwright: inspection of web-04\n');
  expect(script.endsWith('\n')).toBe(true);
  expect(renderBootScript(given)).toBe(script);
});

it('has no expansion but the boot NIC, and every goto has its label', () => {
  const script = renderBootScript({ ...given, bootNote: '${evil} # ; && reboot' });
  expect(script.replaceAll('${netX/mac:hexhyp}', '')).not.toContain('${');
  const labels = [...script.matchAll(/^:(\w+)$/gm)].map((m) => m[1]);
  expect(new Set(labels).size).toBe(labels.length);
  for (const [, target] of script.matchAll(/goto (\w+)/g)) expect(labels).toContain(target);
});

it('leaves with a failure, so that the firmware goes on, after a person could read why', () => {
  expect(renderBootScript(given)).toMatch(/sleep 30 \|\|\nexit 1\n$/);
  expect(renderExitScript('this machine has no run;\nboot its disk')).toBe(
    '#!ipxe\n\necho\necho Rackwright: this machine has no run? boot its disk\nsleep 5 ||\nexit 1\n',
  );
});

it('refuses a command line that Linux would cut off, and arguments that iPXE would change', () => {
  const bad =
    (kernelArguments: string[]): (() => string) =>
    () =>
      renderBootScript({ ...given, kernelArguments });
  expect(bad(['x'.repeat(2100)])).toThrow(/Linux takes 2047/);
  expect(bad(['x\nreboot'])).toThrow(/bad|printable/);
  expect(() => renderBootScript({ ...given, kernelUrl: 'http://x/ && reboot' })).toThrow(/space/);
});
