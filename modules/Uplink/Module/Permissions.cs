using Appliance.Contracts;

namespace Appliance.Uplink;

/// <summary>The module's rights.</summary>
internal static class Permissions
{
    public static readonly Permission ShareRead = new("uplink.share.read");
    public static readonly Permission SharePrepare = new("uplink.share.prepare");
    public static readonly Permission ShareApprove = new("uplink.share.approve");
    public static readonly Permission PeerRead = new("uplink.peer.read");
    public static readonly Permission PeerManage = new("uplink.peer.manage");
    public static readonly Permission InboxRead = new("uplink.inbox.read");
    public static readonly Permission InboxAccept = new("uplink.inbox.accept");
    public static readonly Permission TaxiiRead = new("uplink.taxii.read");
    public static readonly Permission TaxiiWrite = new("uplink.taxii.write");
}
