using Appliance.Contracts;

namespace Appliance.Sensing;

/// <summary>The rights of Sensing.</summary>
internal static class Permissions
{
    /// <summary>Read the inbox, alerts, records and sensors.</summary>
    public static readonly Permission Read = new("sensing.alert.read");

    /// <summary>Escalate, close, snooze, assign.</summary>
    public static readonly Permission Triage = new("sensing.alert.triage");

    /// <summary>Rule sources, single rules, auto-close rules.</summary>
    public static readonly Permission Rules = new("sensing.rule.change");

    /// <summary>Interfaces, home networks.</summary>
    public static readonly Permission Sensors = new("sensing.sensor.configure");

    /// <summary>Read the state of sensors and rules without seeing alerts.</summary>
    public static readonly Permission Look = new("sensing.sensor.read");

    /// <summary>Bring in captures and replay them.</summary>
    public static readonly Permission Captures = new("sensing.capture.replay");
}
