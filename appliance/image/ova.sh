#!/bin/bash
# ova.sh IMAGE.img NAME OUT.ova: the image for VMware and VirtualBox: an OVF 1.1 description, the disk as streamOptimized VMDK, and a manifest of both, in this order (DSP0243, 5.3).
set -euo pipefail
image=$1 name=$2 out=$3
work=$(mktemp -d "$(dirname "$out")/ova.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Room for what lives: what is empty is not written.
qemu-img create -q -f qcow2 -F raw -b "$(readlink -f "$image")" "$work/large.qcow2" 64G
qemu-img convert -f qcow2 -O vmdk -o subformat=streamOptimized "$work/large.qcow2" "$work/$name.vmdk"
rm "$work/large.qcow2"
capacity=$((64 * 1024 * 1024 * 1024)) size=$(stat -c %s "$work/$name.vmdk")
cat > "$work/$name.ovf" <<OVF
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References><File ovf:id="disk" ovf:href="$name.vmdk" ovf:size="$size"/></References>
  <DiskSection><Info>Disks</Info><Disk ovf:diskId="disk1" ovf:fileRef="disk" ovf:capacity="$capacity" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
  <NetworkSection><Info>Networks</Info><Network ovf:name="management"><Description>Console and API</Description></Network><Network ovf:name="mirror"><Description>Mirrored traffic</Description></Network></NetworkSection>
  <VirtualSystem ovf:id="$name">
    <Info>CIRT Appliance</Info><Name>$name</Name>
    <OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest"><Info>Debian 13</Info></OperatingSystemSection>
    <VirtualHardwareSection><Info>2 processors, 4 GiB: the size Lite</Info>
      <System><vssd:ElementName>Hardware</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemIdentifier>$name</vssd:VirtualSystemIdentifier><vssd:VirtualSystemType>vmx-14</vssd:VirtualSystemType></System>
      <Item><rasd:ElementName>2 processors</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>4 GiB</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>4096</rasd:VirtualQuantity></Item>
      <Item><rasd:ElementName>SATA</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>AHCI</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Disk</rasd:ElementName><rasd:HostResource>ovf:/disk/disk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>management</rasd:Connection><rasd:ElementName>Management</rasd:ElementName><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
      <Item><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>mirror</rasd:Connection><rasd:ElementName>Mirror</rasd:ElementName><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
OVF
(cd "$work" && for file in "$name.ovf" "$name.vmdk"; do printf 'SHA256(%s)= %s\n' "$file" "$(sha256sum "$file" | cut -d' ' -f1)"; done > "$name.mf")
tar --format=ustar --owner=0 --group=0 --mtime="@${SOURCE_DATE_EPOCH:-1767225600}" -C "$work" -cf "$out" "$name.ovf" "$name.vmdk" "$name.mf"
