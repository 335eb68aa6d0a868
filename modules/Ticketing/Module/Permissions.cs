using Appliance.Contracts;

namespace Appliance.Ticketing;

/// <summary>What people may do with incidents and reports.</summary>
internal static class Permissions
{
    public const string ReadId = "ticketing.incident.read";

    public const string OpenId = "ticketing.incident.open";

    public const string TriageId = "ticketing.report.triage";

    public const string PlaybooksId = "ticketing.playbook.manage";

    public static readonly Permission Read = new(ReadId);

    public static readonly Permission Open = new(OpenId);

    /// <summary>Notes, states, owner, fields.</summary>
    public static readonly Permission Edit = new("ticketing.incident.edit");

    /// <summary>Write to people outside.</summary>
    public static readonly Permission Mail = new("ticketing.incident.mail");

    /// <summary>Write to someone whom the marking does not name, with a reason. RED is never mailed.</summary>
    public static readonly Permission Override = new("ticketing.incident.override");

    /// <summary>Say that it is real, which lets the gate share it.</summary>
    public static readonly Permission Confirm = new("ticketing.incident.confirm");

    /// <summary>Take, attach, promote and reject reports.</summary>
    public static readonly Permission Triage = new(TriageId);

    /// <summary>Write, copy and retire playbooks and templates; whoever works on an incident starts them.</summary>
    public static readonly Permission Playbooks = new(PlaybooksId);

    /// <summary>Put tables of places into the box, and take them out.</summary>
    public static readonly Permission Places = new("ticketing.places.manage");

    /// <summary>Write and retire the team's own types of incidents.</summary>
    public static readonly Permission Types = new("ticketing.type.manage");

    /// <summary>Write a handover, and take one over.</summary>
    public static readonly Permission HandOver = new("ticketing.shift.hand-over");

    /// <summary>Keep files as evidence, write their custody and verify it.</summary>
    public static readonly Permission Keep = new("ticketing.evidence.keep");

    /// <summary>Take a copy of evidence out, packed, or look into an archive.</summary>
    public static readonly Permission Take = new("ticketing.evidence.take");

    /// <summary>Destroy evidence.</summary>
    public static readonly Permission Destroy = new("ticketing.evidence.destroy");
}
