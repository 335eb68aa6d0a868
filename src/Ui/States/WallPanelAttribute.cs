namespace Appliance.Ui;

/// <summary>Marks a component that is shown on the wall: a screen in a room that everybody who passes can read. It holds no names of people and no addresses.</summary>
/// <param name="name">Its name in the URL <c>/wall/{name}</c>, and its title's resource key <c>ui.wall.{name}</c>.</param>
/// <param name="order">Among the others.</param>
/// <param name="permission">What the signed-in screen must hold to show it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class WallPanelAttribute(string name, int order, string permission) : Attribute
{
    /// <summary>Name in the URL.</summary>
    public string Name { get; } = name;

    /// <summary>Among the others.</summary>
    public int Order { get; } = order;

    /// <summary>What the screen must hold.</summary>
    public string Permission { get; } = permission;
}
