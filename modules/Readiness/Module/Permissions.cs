using Appliance.Contracts;

namespace Appliance.Readiness;

/// <summary>What people may do with readiness.</summary>
internal static class Permissions
{
    public static readonly Permission Read = new("readiness.figure.read");
}
