/**
 * A domain that is only firmware, emulated: nested virtualisation is not needed. It has free slots for devices, and two channels
 * for USB devices over the network.
 */
export const firmwareDomain = `<domain type='qemu'>
  <name>firmware</name>
  <uuid>3c0e9b1a-5d0b-4a6e-9d8e-0f6a2b7c4d11</uuid>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='qemu-xhci'/>
    <controller type='pci' model='pcie-root'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <interface type='bridge'>
      <mac address='52:54:00:aa:00:01'/>
      <source bridge='br0'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'/>
    <graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
    <redirdev bus='usb' type='tcp'>
      <source mode='bind' host='127.0.0.1' service='4000'/>
      <protocol type='raw'/>
    </redirdev>
    <redirdev bus='usb' type='unix'>
      <source mode='bind' path='/run/redirect.sock'/>
    </redirdev>
  </devices>
</domain>
`;

/** The NIC that stands alone, for virsh attach-device. */
export const nicAsHostdev = `<hostdev mode='subsystem' type='pci' managed='yes'>
  <source><address domain='0x0000' bus='0x03' slot='0x00' function='0x0'/></source>
</hostdev>
`;
