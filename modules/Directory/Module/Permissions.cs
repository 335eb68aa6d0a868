using Appliance.Contracts;

namespace Appliance.Directories;

/// <summary>What people may do with the directory.</summary>
internal static class Permissions
{
    public const string ReadId = "directory.constituent.read";

    public const string EditId = "directory.constituent.edit";

    public const string ImportId = "directory.constituent.import";

    public static readonly Permission Read = new(ReadId);

    public static readonly Permission Edit = new(EditId);

    public static readonly Permission Import = new(ImportId);
}
